use shared::test_support::tasks::task;

#[test]
fn a_task_of_three_steps_is_made() {
    let task = task(3);
    assert_eq!(task.steps.len(), 3);
    assert!(!task.state.is_over());
}
