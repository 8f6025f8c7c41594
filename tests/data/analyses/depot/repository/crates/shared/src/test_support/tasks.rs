pub fn task(steps: usize) -> Task {
    let mut task = Task::empty();
    for number in 0..steps {
        task.add(Step::numbered(number));
    }
    task
}
