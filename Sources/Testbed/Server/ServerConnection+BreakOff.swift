import Glibc

/// Where an answer ends that does not reach its client whole.
package enum BreakPoint: Sendable {
    /// The connection is reset, and nothing of the answer was sent.
    case beforeAnswer
    /// In the middle of its body, or of its head where it has none; the connection is closed.
    case insideAnswer
    /// The head is whole and promises a connection that stays; it is closed.
    case afterHeaders
}

extension ServerConnection {
    /// - Parameter answer: what the role has answered; nil if it was not asked.
    func breakOff(_ point: BreakPoint, of answer: HTTPResponse?, to exchange: Exchange) {
        guard exchange === self.exchange, isOpen, !hasAnswered else {
            answer?.body.abandon()
            return
        }
        keepsAlive = false
        if let answer {
            hasAnswered = true
            note(answer.status)
        }
        guard let answer, point != .beforeAnswer else {
            answer?.body.abandon()
            return reset()
        }
        let head = ResponseHead.render(
            answer, date: acceptor.currentDateField(), keepsAlive: true, isHead: isHeadRequest,
            showsTimes: isFromPage)
        let hasBody = !isHeadRequest && answer.body.length > 0
        if point == .insideAnswer, !hasBody {
            output.append(head.prefix(head.count / 2))
        } else {
            output.append(head)
        }
        if point == .insideAnswer, hasBody {
            begin(answer.body.firstHalf)
        } else {
            answer.body.abandon()
        }
        answerHasBegun()
    }

    func note(_ status: Int?) {
        acceptor.note(exchange, status: status, clientEnded: hasPeerEnded)
    }

    /// A close(2) that sends RST (socket(7), SO_LINGER).
    private func reset() {
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        let length = socklen_t(MemoryLayout<linger>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abrupt, length)
        close()
    }
}

extension HTTPResponse.Body {
    fileprivate var firstHalf: HTTPResponse.Body {
        switch self {
        case .none: .none
        case .bytes(let bytes): .bytes(Array(bytes.prefix(bytes.count / 2)))
        case .stream(let source, let length): .stream(source, length: length / 2)
        }
    }
}
