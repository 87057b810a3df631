//! The histograms of the time that polls take, and of the time that tasks are queued.

use std::ops::Range;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zokio::runtime::{
    Builder, HistogramConfiguration, HistogramScale, LogHistogram, Runtime, RuntimeMetrics,
};
use zokio::task::block_in_place;

const MS: Duration = Duration::from_millis(1);

fn both() -> [Builder; 2] {
    let mut multi_thread = Builder::new_multi_thread();
    multi_thread.worker_threads(1);
    [Builder::new_current_thread(), multi_thread]
}

/// Builds a runtime with a histogram whose last bucket begins at `limit`.
fn two_buckets(builder: &mut Builder, limit: Duration) -> Runtime {
    builder
        .enable_metrics_poll_time_histogram()
        .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(limit, 2))
        .build()
        .unwrap()
}

fn counts(metrics: &RuntimeMetrics) -> Vec<u64> {
    let buckets = 0..metrics.poll_time_histogram_num_buckets();
    let workers = || 0..metrics.num_workers();
    let count = |bucket| {
        let of = |worker| metrics.poll_time_histogram_bucket_count(worker, bucket);
        workers().map(of).sum()
    };
    buckets.map(count).collect()
}

fn ranges(metrics: &RuntimeMetrics) -> Vec<Range<Duration>> {
    let buckets = 0..metrics.poll_time_histogram_num_buckets();
    buckets
        .map(|bucket| metrics.poll_time_histogram_bucket_range(bucket))
        .collect()
}

#[test]
fn a_poll_is_in_the_bucket_of_its_time() {
    for mut builder in both() {
        let rt = two_buckets(&mut builder, 20 * MS);
        let metrics = rt.metrics();
        rt.block_on(rt.spawn(async { thread::sleep(20 * MS) }))
            .unwrap();
        drop(rt);
        assert_eq!(counts(&metrics), [0, 1]);
    }
}

#[test]
fn every_poll_is_in_some_bucket() {
    for mut builder in both() {
        let rt = two_buckets(&mut builder, MS);
        let metrics = rt.metrics();
        rt.block_on(rt.spawn(async {
            for _ in 0..50 {
                zokio::spawn(async {}).await.unwrap();
                zokio::task::yield_now().await;
            }
        }))
        .unwrap();
        drop(rt);
        let polls = metrics.worker_poll_count(0);
        assert!(polls >= 50);
        assert_eq!(counts(&metrics).iter().sum::<u64>(), polls);
    }
}

/// A poll that another one continues is in the histogram once, with the time of both.
#[test]
fn a_task_out_of_the_lifo_slot_adds_to_the_poll_before_it() {
    let rt = two_buckets(Builder::new_multi_thread().worker_threads(1), 20 * MS);
    let metrics = rt.metrics();
    let (done, is_done) = mpsc::channel();
    rt.spawn(async move {
        zokio::spawn(async move {
            thread::sleep(10 * MS);
            done.send(()).unwrap();
        });
        thread::sleep(10 * MS);
    });
    is_done.recv().unwrap();
    drop(rt);
    assert_eq!(metrics.worker_poll_count(0), 1);
    assert_eq!(counts(&metrics), [0, 1]);
}

#[test]
fn a_poll_that_blocks_in_place_ends_there() {
    let limit = Duration::from_secs(30);
    let rt = two_buckets(Builder::new_multi_thread().worker_threads(1), limit);
    let metrics = rt.metrics();
    let during = rt.block_on(rt.spawn(async move { block_in_place(|| counts(&metrics)) }));
    assert_eq!(during.unwrap(), [1, 0]);
    let metrics = rt.metrics();
    drop(rt);
    assert_eq!(counts(&metrics), [1, 0]);
}

/// Builds a runtime with a histogram of the time in queues, whose last bucket begins at `limit`.
fn two_latencies(builder: &mut Builder, limit: Duration) -> Runtime {
    builder
        .enable_metrics_schedule_latency_histogram()
        .metrics_schedule_latency_histogram_configuration(HistogramConfiguration::linear(limit, 2))
        .build()
        .unwrap()
}

fn latencies(metrics: &RuntimeMetrics) -> [u64; 2] {
    [0, 1].map(|bucket| metrics.schedule_latency_histogram_bucket_count(0, bucket))
}

#[test]
fn each_poll_adds_the_time_in_the_queue_before_it() {
    for mut builder in both() {
        let rt = two_latencies(&mut builder, Duration::from_secs(3600));
        let metrics = rt.metrics();
        rt.block_on(rt.spawn(async {
            for _ in 0..5 {
                zokio::task::yield_now().await;
            }
            zokio::spawn(async {}).await.unwrap();
        }))
        .unwrap();
        drop(rt);
        assert_eq!(latencies(&metrics), [8, 0]);
    }
}

#[test]
fn a_task_behind_a_slow_poll_is_in_the_bucket_of_its_wait() {
    for mut builder in both() {
        let rt = two_latencies(&mut builder, 20 * MS);
        let metrics = rt.metrics();
        let first = rt.spawn(async {
            let second = zokio::spawn(async {});
            thread::sleep(20 * MS);
            second.await.unwrap();
        });
        rt.block_on(first).unwrap();
        drop(rt);
        let [short, long] = latencies(&metrics);
        assert_eq!(short + long, 3);
        assert!(long >= 1);
    }
}

#[test]
fn the_time_in_queues_is_not_kept_without_the_option() {
    for mut builder in both() {
        let rt = builder.track_task_schedule_latency().build().unwrap();
        rt.block_on(rt.spawn(async {})).unwrap();
        let metrics = rt.metrics();
        assert!(!metrics.schedule_latency_histogram_enabled());
        assert_eq!(metrics.schedule_latency_histogram_num_buckets(), 0);
        assert_eq!(latencies(&metrics), [0, 0]);
    }
}

#[test]
fn without_the_option_there_is_no_histogram() {
    for mut builder in both() {
        let buckets = HistogramConfiguration::linear(MS, 3);
        let rt = builder
            .metrics_poll_time_histogram_configuration(buckets)
            .build()
            .unwrap();
        rt.block_on(rt.spawn(async {})).unwrap();
        let metrics = rt.metrics();
        assert!(!metrics.poll_time_histogram_enabled());
        assert_eq!(metrics.poll_time_histogram_num_buckets(), 0);
        assert_eq!(
            metrics.poll_time_histogram_bucket_range(0),
            Range::default()
        );
        assert_eq!(metrics.poll_time_histogram_bucket_count(0, 0), 0);
    }
}

#[test]
fn the_buckets_are_those_of_the_configuration() {
    let us = Duration::from_micros;
    let end = Duration::from_nanos(u64::MAX);
    for mut builder in both() {
        builder.enable_metrics_poll_time_histogram();
        let metrics = builder.build().unwrap().metrics();
        assert!(metrics.poll_time_histogram_enabled());
        let default = ranges(&metrics);
        assert_eq!(default.len(), 10);
        assert_eq!(
            (default[0].clone(), default[9].clone()),
            (us(0)..us(100), us(900)..end)
        );

        let linear = HistogramConfiguration::linear(us(50), 3);
        builder.metrics_poll_time_histogram_configuration(linear);
        let metrics = builder.build().unwrap().metrics();
        assert_eq!(
            ranges(&metrics),
            [us(0)..us(50), us(50)..us(100), us(100)..end]
        );

        let log = LogHistogram::builder().max_error(0.25);
        builder.metrics_poll_time_histogram_configuration(HistogramConfiguration::log(log));
        let log = ranges(&builder.build().unwrap().metrics());
        assert_eq!(log.len(), 119);
        let ns = Duration::from_nanos;
        assert_eq!(
            (log[0].clone(), log[1].clone()),
            (ns(0)..ns(96), ns(96)..ns(112))
        );
        assert_eq!(log[118].end, end);
    }
}

#[test]
#[expect(deprecated)]
fn the_deprecated_options_take_precedence() {
    let us = Duration::from_micros;
    for mut builder in both() {
        let metrics = builder
            .enable_metrics_poll_count_histogram()
            .metrics_poll_count_histogram_scale(HistogramScale::Log)
            .metrics_poll_count_histogram_buckets(3)
            .metrics_poll_count_histogram_resolution(us(50))
            .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(us(7), 9))
            .build()
            .unwrap()
            .metrics();
        let first = Duration::from_nanos(1 << 16);
        let end = Duration::from_nanos(u64::MAX);
        assert!(metrics.poll_count_histogram_enabled());
        assert_eq!(metrics.poll_count_histogram_num_buckets(), 3);
        assert_eq!(
            metrics.poll_count_histogram_bucket_range(1),
            first..2 * first
        );
        assert_eq!(metrics.poll_count_histogram_bucket_count(0, 2), 0);
        assert_eq!(
            ranges(&metrics),
            [us(0)..first, first..2 * first, 2 * first..end]
        );
    }
}

#[test]
#[should_panic(expected = "the resolution of a histogram must be above zero")]
#[expect(deprecated)]
fn a_resolution_of_zero_panics() {
    Builder::new_current_thread().metrics_poll_count_histogram_resolution(Duration::ZERO);
}

#[test]
#[should_panic(expected = "there is no bucket 2")]
fn a_bucket_that_there_is_not_panics() {
    let rt = two_buckets(&mut Builder::new_current_thread(), MS);
    let _ = rt.metrics().poll_time_histogram_bucket_count(0, 2);
}

#[test]
fn what_cannot_be_a_log_histogram_panics() {
    let panics = |f: fn() -> LogHistogram| std::panic::catch_unwind(f).is_err();
    assert!(panics(|| LogHistogram::builder().max_error(0.0).build()));
    assert!(panics(|| LogHistogram::builder().max_error(1.0).build()));
    assert!(panics(|| LogHistogram::builder()
        .max_error(f64::NAN)
        .build()));
    assert!(panics(|| LogHistogram::builder()
        .precision_exact(11)
        .build()));
    assert!(panics(|| LogHistogram::builder()
        .max_value(Duration::ZERO)
        .build()));
    assert!(!panics(|| LogHistogram::builder().max_error(0.9).build()));
}
