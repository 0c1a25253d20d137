import Measure
import Scenarios
import Transfer

/// A failure that may pass, as the retry policy and the counters see it.
struct Retriable {
    let cause: StandardRetries.Cause
    let description: CellMeasurements.Failure

    /// nil for a success, and for what would fail again.
    init?(_ result: Result<Answer, FailedTransfer>) {
        switch result {
        case .success(let answer):
            guard answer.status >= 400 else { return nil }
            let code = ErrorCode.find(in: answer.body)
            guard let cause = StandardRetries.Cause(status: answer.status, errorCode: code) else {
                return nil
            }
            self.cause = cause
            description = CellMeasurements.Failure(
                outcome: answer.status >= 500 ? .serverError : .refused, httpStatus: answer.status,
                errorCode: code)
        case .failure(let failed):
            let outcome = Outcome(failed.failure)
            guard let cause = StandardRetries.Cause(outcome) else { return nil }
            self.cause = cause
            description = CellMeasurements.Failure(
                outcome: outcome, httpStatus: nil, errorCode: failed.failure.code)
        }
    }
}
