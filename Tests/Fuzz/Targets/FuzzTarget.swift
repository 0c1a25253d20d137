/// A property that an input broke: what libFuzzer reports as a crash, and the tests as a failure.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String
}

/// What is fuzzed, by the name of its corpus folder. Each is one function of the input: it traps or
/// throws when something is wrong, and does nothing else that lasts.
enum FuzzTarget: String, CaseIterable, Sendable {
    case http
    case form
    case policy
    case presign
    case csv
    case plan
    case answer
    case json
    case body
    case config
    case batch
    case results

    func run(_ input: [UInt8]) throws {
        switch self {
        case .http: try HTTPTarget.run(input)
        case .form: try FormTarget.run(input)
        case .policy: try PolicyTarget.run(input)
        case .presign: try PresignTarget.run(input)
        case .csv: try CSVTarget.run(input)
        case .plan: try PlanTarget.run(input)
        case .answer: try AnswerTarget.run(input)
        case .json: try JSONTarget.run(input)
        case .body: try StoreBodyTarget.run(input)
        case .config: try ConfigTarget.run(input)
        case .batch: try BatchTarget.run(input)
        case .results: try ResultsTarget.run(input)
        }
    }
}

/// The rule that a target checks.
func expect(_ holds: Bool, _ rule: @autoclosure () -> String) throws(FuzzFinding) {
    guard holds else { throw FuzzFinding(description: rule()) }
}
