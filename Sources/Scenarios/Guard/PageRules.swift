import NetIO
import Transfer

extension GuardRequests {
    /// The same attempt from a page of another origin: with its `Origin`, with the preflights that the
    /// Fetch standard asks for, and only as far as a browser lets the page go on.
    func fromPage(of pageOrigin: String) -> GuardRequests {
        var requests = self
        var origin = pageOrigin
        requests.moves = moves.flatMap { move in
            guard !move.isPreparation else { return [move] }
            let sent = [move.preflight(origin), move.sentByPage(of: origin)]
            // Behind a redirect from one foreign origin to another (Fetch, "HTTP-redirect fetch").
            if move.role == .edge { origin = "null" }
            return sent
        }
        return requests
    }
}

extension GuardMove {
    /// Asks before the request; not needed for what a form of HTML could send.
    fileprivate func preflight(_ pageOrigin: String) -> GuardMove {
        let preflight = { (request: Request) in
            Preflight(
                head: RequestHeadText(request), origin: request.origin, pageOrigin: pageOrigin,
                connectionGroup: 0)
        }
        // Made of a copy of what is known: making a request may note something there.
        let asked = Asked()
        return GuardMove(role) { [make] state in
            var copy = state
            guard let request = make(&copy) else { return nil }
            let made = preflight(request)
            asked.preflight = made
            return made.head.needsPreflight ? made.request : nil
        } read: { answer, _ in
            guard asked.preflight?.isAllowed(by: answer) == false else { return .accepted }
            return (200..<300).contains(answer.status) ? .refusedByBrowser : .refused
        }
    }

    fileprivate func sentByPage(of pageOrigin: String) -> GuardMove {
        var move = self
        move.make = { [make] state in
            guard var request = make(&state) else { return nil }
            // A browser sends no Expect.
            if request.expectsContinue { request = request.withoutExpect() }
            return request.adding("Origin", pageOrigin)
        }
        move.read = { [read, isReadByPage] answer, state in
            let reading = read(answer, &state)
            guard reading == .accepted, isReadByPage,
                !Preflight.names(answer, pageOrigin: pageOrigin)
            else { return reading }
            return .refusedByBrowser
        }
        return move
    }

    private final class Asked {
        var preflight: Preflight?
    }
}

extension Request {
    fileprivate func withoutExpect() -> Request {
        var edited = self
        edited.expectsContinue = false
        let text = String(decoding: head, as: UTF8.self)
        edited.head = Array(text.replacing("Expect: 100-continue\r\n", with: "").utf8)
        return edited
    }
}
