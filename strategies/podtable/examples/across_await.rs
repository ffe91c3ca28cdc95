//! Nothing that a read returns keeps a lock: its value may be held across an `.await`, and the task may be
//! sent to another thread meanwhile. A guard of a mutex or of a concurrent map could not, or would hold up
//! all others until the task goes on.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use podtable::CasTable;

type Prices = Arc<CasTable<u64, f64>>;

/// Something that takes its time.
async fn look_up_the_tax(price: f64) -> f64 {
    std::future::ready(price * 0.2).await
}

async fn total(prices: Prices, article: u64) -> Option<f64> {
    let price = prices.get(&article)?;
    let tax = look_up_the_tax(price).await;
    Some(price + tax)
}

/// What a runtime asks of a task.
fn spawned<F: Future + Send + 'static>(task: F) -> F {
    task
}

fn main() -> Result<(), podtable::CapacityError> {
    let prices = Prices::default();
    prices.insert(7, 10.0)?;
    let task = pin!(spawned(total(Arc::clone(&prices), 7)));
    match task.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(total) => println!("{total:?}"),
        Poll::Pending => println!("not yet"),
    }
    Ok(())
}
