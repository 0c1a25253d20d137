import Presign

extension JSONParser {
    /// A client's document: none needs more than a few values.
    static func parse(document: [UInt8]) throws(JSONError) -> JSONValue {
        try parse(document, valueLimit: 1000)
    }
}

/// Collects a body that must not be larger than a limit.
final class SmallBody: BodySink {
    private let limitBytes: Int
    private let account: GatewayAccount?
    private let completion: ([UInt8]?) -> Void
    private let aborted: () -> Void
    private var bytes: [UInt8] = []
    private var isTooLarge = false

    /// - Parameters:
    ///   - expectedBytes: what the client announced.
    ///   - account: counts what is held; whoever gets the bytes takes them off again.
    ///   - completion: gets nil for a body over the limit.
    init(
        limitBytes: Int, expectedBytes: Int64 = 0, account: GatewayAccount? = nil,
        completion: @escaping ([UInt8]?) -> Void, aborted: @escaping () -> Void = {}
    ) {
        self.limitBytes = limitBytes
        self.account = account
        self.completion = completion
        self.aborted = aborted
        bytes.reserveCapacity(Int(min(expectedBytes, Int64(limitBytes))))
    }

    func receive(_ received: UnsafeRawBufferPointer) {
        guard !isTooLarge else { return }
        guard bytes.count + received.count <= limitBytes else {
            isTooLarge = true
            account?.add(-Int64(bytes.count))
            completion(nil)
            return
        }
        account?.add(Int64(received.count))
        bytes.append(contentsOf: received)
    }

    func finish() {
        if !isTooLarge { completion(bytes) }
    }

    /// An integration that was given up waits for the body no longer.
    func abandon() { abort() }

    func abort() {
        guard !isTooLarge else { return }
        account?.add(-Int64(bytes.count))
        aborted()
    }
}
