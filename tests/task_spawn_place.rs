//! Every task knows the place in the user's program where it was spawned.

use std::panic::Location;
use std::sync::{Arc, Mutex};

use zokio::runtime::{Builder, Handle, LocalOptions, Runtime};
use zokio::task::{self, JoinSet};

/// The places of the tasks that were spawned, in order.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<Vec<&'static Location<'static>>>>);

impl Places {
    /// Returns a builder of runtimes whose tasks are recorded here.
    fn of(&self, mut builder: Builder) -> Builder {
        let places = self.0.clone();
        builder.on_task_spawn(move |meta| places.lock().unwrap().push(meta.spawned_at()));
        builder
    }

    /// Asserts that exactly one task was spawned since the last call, on this line of this file.
    #[track_caller]
    fn one_at(&self, line: u32) {
        let places = std::mem::take(&mut *self.0.lock().unwrap());
        let places: Vec<_> = places.iter().map(|it| (it.file(), it.line())).collect();
        assert_eq!(places, [(file!(), line)]);
    }
}

fn runtimes() -> [(Runtime, Places); 2] {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(2);
    [Builder::new_current_thread(), threads].map(|builder| {
        let places = Places::default();
        (places.of(builder).build().unwrap(), places)
    })
}

#[test]
fn the_place_is_that_of_each_function_that_spawns() {
    for (rt, places) in runtimes() {
        drop(rt.spawn(async {}));
        places.one_at(line!() - 1);
        drop(rt.handle().spawn(async {}));
        places.one_at(line!() - 1);
        rt.block_on(async {
            drop(zokio::spawn(async {}));
            places.one_at(line!() - 1);
            drop(task::spawn(async {}));
            places.one_at(line!() - 1);
            drop(Handle::current().spawn(async {}));
            places.one_at(line!() - 1);
        });
    }
}

#[test]
fn the_place_of_a_task_in_a_set_is_that_of_its_spawn() {
    for (rt, places) in runtimes() {
        let mut set = JoinSet::new();
        set.spawn_on(async {}, rt.handle());
        places.one_at(line!() - 1);
        set.build_task().spawn_on(async {}, rt.handle()).unwrap();
        places.one_at(line!() - 1);
        rt.block_on(async {
            set.spawn(async {});
            places.one_at(line!() - 1);
            set.build_task().name("named").spawn(async {}).unwrap();
            places.one_at(line!() - 1);
            set.extend([std::future::ready(())]);
            places.one_at(line!() - 1);
        });
    }
}

#[test]
fn the_place_of_a_task_with_a_name_is_that_of_its_spawn() {
    for (rt, places) in runtimes() {
        let builder = task::Builder::new().name("named");
        drop(builder.spawn_on(async {}, rt.handle()));
        places.one_at(line!() - 1);
        rt.block_on(async {
            drop(task::Builder::new().spawn(async {}));
            places.one_at(line!() - 1);
        });
    }
}

#[test]
fn a_large_future_keeps_its_place() {
    for (rt, places) in runtimes() {
        let large = [0_u8; 40 << 10];
        let future = async move {
            task::yield_now().await;
            large[0]
        };
        let task = rt.spawn(future);
        places.one_at(line!() - 1);
        assert_eq!(rt.block_on(task).unwrap(), 0);
    }
}

#[test]
fn the_place_on_a_local_runtime_is_that_of_the_spawn() {
    let places = Places::default();
    let rt = places
        .of(Builder::new_current_thread())
        .build_local(LocalOptions::default())
        .unwrap();
    drop(rt.spawn_local(async {}));
    places.one_at(line!() - 1);
    rt.block_on(async {
        drop(task::spawn_local(async {}));
        places.one_at(line!() - 1);
        drop(task::Builder::new().spawn_local(async {}));
        places.one_at(line!() - 1);
        let mut set = JoinSet::new();
        set.spawn_local(async {});
        places.one_at(line!() - 1);
        set.build_task().spawn_local(async {}).unwrap();
        places.one_at(line!() - 1);
    });
}

#[test]
fn the_place_passes_through_functions_of_the_user_that_track_their_caller() {
    #[track_caller]
    fn spawn_twice() {
        drop(zokio::spawn(async {}));
        drop(zokio::spawn(async {}));
    }
    for (rt, places) in runtimes() {
        let line = rt.block_on(async {
            spawn_twice();
            line!() - 1
        });
        let found = std::mem::take(&mut *places.0.lock().unwrap());
        assert_eq!(
            found.iter().map(|it| it.line()).collect::<Vec<_>>(),
            [line, line]
        );
    }
}
