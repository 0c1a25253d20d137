import NetIO
import Presign
package import Transfer

/// One request of an attempt, made from what the requests before it have brought.
package struct GuardMove {
    /// Who answers it, and so refuses it.
    package enum Role: String, Sendable { case api, edge, s3 }

    package enum Reading: Sendable, Equatable {
        case accepted
        case refused
        /// The answer is a good one, but a browser keeps it from the page.
        case refusedByBrowser
    }

    package let role: Role
    /// Sets the scene: its bytes are not the attempt's, and its failure says nothing of the strategy.
    package var isPreparation = false
    /// The page goes on with what the answer says.
    var isReadByPage = false
    /// nil: not needed here.
    package var make: (inout GuardState) -> Request?
    package var read: (Answer, inout GuardState) -> Reading

    init(
        _ role: Role, isReadByPage: Bool = false, make: @escaping (inout GuardState) -> Request?,
        read: @escaping (Answer, inout GuardState) -> Reading
    ) {
        self.role = role
        self.isReadByPage = isReadByPage
        self.make = make
        self.read = read
    }

    /// One whose status alone counts.
    init(
        _ role: Role, accepting statuses: Set<Int>, make: @escaping (inout GuardState) -> Request?
    ) {
        self.init(role, make: make) { answer, _ in
            statuses.contains(answer.status) ? .accepted : .refused
        }
    }

    func asPreparation() -> GuardMove {
        var move = self
        move.isPreparation = true
        return move
    }
}

/// What is known of the upload under way.
package struct GuardState {
    /// Where the permission points to; empty until that is known.
    package var key = ""
    /// The key that the attempt puts in its place.
    package var wantedKey: String?
    var target: RequestTarget?
    var fields: [NameValue] = []
    var parts: [RequestTarget] = []
    var complete: RequestTarget?
    package var uploadID: String?
    var etags: [String] = []
    /// SHA-256 of parts by their index, in Base64, where they are named.
    var checksums: [Int: String] = [:]
    /// Keys of uploads before the last one, where the API names them.
    package var earlierKeys: [String] = []

    /// All keys that the attempt can have written to.
    package var keys: [String] {
        var seen: Set<String> = []
        return ([key, wantedKey ?? ""] + earlierKeys).filter {
            !$0.isEmpty && seen.insert($0).inserted
        }
    }
}

/// What tells whether an upload that was taken did what it should not have done.
package enum GuardEffect: Sendable, Equatable {
    /// It is there.
    case stored
    /// It is under the key that the attempt chose, and not under one of the API's.
    case atKey(String)
    /// Its key holds this text.
    case keyHolding(String)
    /// It has taken the place of what was there before.
    case overwritten
    /// It carries this metadata or type.
    case metadata(name: String, value: String)
    case contentType(String)
    /// The object that was there is gone.
    case removed
}

/// What one case makes of one strategy.
package enum GuardAttempt {
    case notApplicable(String)
    case requests(GuardRequests)
}

/// The requests of one attempt, in their order.
package struct GuardRequests {
    package var moves: [GuardMove]
    package var state = GuardState()
    package var effect = GuardEffect.stored
    /// Of the object, were it stored; what prepares the scene has other sizes. nil: any.
    package var objectBytes: Int64?
    /// Of the objects that prepare the scene.
    package var preparedBytes = [Int64(GuardFiles.seedBytes)]
    /// Of the file that is sent.
    package var fileBytes: Int64
    /// What a reader of the result has to know.
    package var note = ""
}
