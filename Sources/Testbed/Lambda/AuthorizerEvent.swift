import Presign

/// What a REST API's authorizer of type REQUEST or TOKEN is asked (API Gateway, "Input to an API
/// Gateway Lambda authorizer"), or an HTTP API's with payload format 2.0 and IAM answers.
struct AuthorizerEvent {
    /// `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`
    let resource: String
    let authorization: String?

    /// nil for an event of another kind.
    init?(_ event: JSONValue) throws(EventProblem) {
        guard let type = event["type"]?.string, ["REQUEST", "TOKEN"].contains(type) else {
            return nil
        }
        guard let resource = event["methodArn"]?.string ?? event["routeArn"]?.string,
            resource.split(separator: "/", maxSplits: 2).count == 3
        else { throw .malformed("methodArn is missing, or names no method of a stage") }
        self.resource = resource
        authorization =
            type == "TOKEN"
            ? event["authorizationToken"]?.string : EventFields.header(event, "authorization")
    }

    /// Allows the user the whole stage: API Gateway keeps this answer for the token, whatever the
    /// path of the requests that follow.
    func allowing(_ user: String) -> [UInt8] {
        let stage = resource.split(separator: "/", maxSplits: 2).prefix(2).joined(separator: "/")
        let statement: [(name: String, value: JSONValue)] = [
            ("Action", .string("execute-api:Invoke")), ("Effect", .string("Allow")),
            ("Resource", .string("\(stage)/*")),
        ]
        let policy: [(name: String, value: JSONValue)] = [
            ("Version", .string("2012-10-17")), ("Statement", .array([.object(statement)])),
        ]
        var json: [UInt8] = []
        JSONValue.object([("principalId", .string(user)), ("policyDocument", .object(policy))])
            .append(to: &json)
        return json
    }

    /// The one message that API Gateway answers 401 to (API Gateway, "Output from an API Gateway Lambda
    /// authorizer").
    static let refusal = EventProblem(type: "Unauthorized", message: "Unauthorized")
}
