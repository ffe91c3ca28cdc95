//! The whole registry, controls included, each activity in one group: Criterion's page of a group
//! then shows all strategies in one plot.

fn main() {
    benches::each_activity(|group| registry::visit_plain(group));
}
