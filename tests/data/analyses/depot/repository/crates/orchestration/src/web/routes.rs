pub async fn create(body: Json<Request>) -> Response {
    match RequestActor.receive(body.0) {
        Ok(task) => Response::created(task),
        Err(error) => Response::unprocessable(error),
    }
}
