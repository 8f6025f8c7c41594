fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("send") => send(&arguments[2..]),
        Some("list") => list(),
        _ => eprintln!("send or list"),
    }
}

fn send(steps: &[String]) {
    println!("{}", steps.join(" "));
}

fn list() {
    println!("nothing");
}
