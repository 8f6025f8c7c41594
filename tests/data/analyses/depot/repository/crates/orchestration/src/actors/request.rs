pub struct RequestActor;

impl RequestActor {
    pub fn receive(&self, request: Request) -> Result<Task, Error> {
        if request.steps.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Task::new(request.steps))
    }
}
