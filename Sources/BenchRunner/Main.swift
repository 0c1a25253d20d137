@main
enum Uploadbench {
    static func main() {}
}
