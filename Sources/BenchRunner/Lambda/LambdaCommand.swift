import Foundation
import Transfer

extension Command {
    static let lambda = Command(
        name: "lambda",
        summary: "the upload API as an AWS Lambda function, in front of a real bucket",
        usage: ["lambda"],
        details: """
            A custom runtime: it takes events from the Lambda Runtime API and answers them with the code of
            'serve''s gateway. Events are those of REST APIs, HTTP APIs, function URLs, and of a REST API's
            authorizer. deploy/aws/template.yaml deploys it; deploy/aws/package.sh makes its zip.

            Settings come from the environment:
              UPLOADBENCH_BUCKET          the bucket
              UPLOADBENCH_USER            the user that the token stands for
              UPLOADBENCH_TOKEN_SHA256    SHA-256 of the token, in hex
              UPLOADBENCH_EXPIRES         life of the signatures in seconds (default 300)
              UPLOADBENCH_ALLOWED_ORIGIN  origin of the pages that may read answers (default *)
              UPLOADBENCH_ACCELERATION    Enabled, Suspended (default)
              AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
                                          set by Lambda: region and rights of the function
              AWS_ENDPOINT_URL_S3         another S3 than AWS's
              AWS_CA_BUNDLE               PEM authorities instead of the system's
              AWS_LAMBDA_RUNTIME_API      set by Lambda: where events come from
            """,
        flags: [],
        run: { arguments throws(CommandError) in try LambdaCommand.run() })
}

enum LambdaCommand {
    static func run(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) -> ExitCode {
        guard let api = environment["AWS_LAMBDA_RUNTIME_API"],
            let origin = Origin(url: "http://\(api)")
        else {
            throw .usage(
                "'lambda' runs inside AWS Lambda, which names its API in AWS_LAMBDA_RUNTIME_API; to run the API here type 'uploadbench serve'"
            )
        }
        let runtime: LambdaRuntime
        do {
            runtime = try LambdaRuntime(api: origin)
        } catch {
            throw CommandError(exitCode: .failure, message: "lambda: \(error)")
        }
        if let error = runtime.run(environment) { throw error }
        return .success
    }
}
