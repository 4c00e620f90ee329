import ClientHTTP
import Host
import Maintenance

extension KubernetesAccess {
    /// The successful answer to a request. An answer that asks for patience is asked for again within the deadline, a
    /// refused credential renewed once; throws `KubernetesFailure` for any other error that the API answers.
    func send(_ request: KubernetesRequest, limit: Int = KubernetesLimits.answerBytes) async throws -> HTTPAnswer {
        try permit(request)
        var repeated = Repeated()
        while true {
            let session = try await connection.session(in: context)
            let answer: HTTPAnswer
            do {
                answer = try await session.transport.send(
                    request.call(session.headers), in: context, limit: limit)
            } catch let error as CouldNotLook {
                // A connection that was idle may be ended just as it is used.
                if error.cause.code == .connectionLost, request.isLook, repeated.oneLoss() { continue }
                throw error
            }
            if (200..<300).contains(answer.status) { return answer }
            let failure = failure(answer, to: request)
            if failure.code == 401, repeated.oneRenewal(), connection.isRenewable(session) { continue }
            // Where it may have happened all the same, a change is not sent twice.
            guard request.isLook || failure.isCertain, let pause = repeated.pause(after: failure),
                pause < context.remaining
            else { throw failure }
            try await context.host.sleep(pause)
        }
    }

    /// As `send`, noted as evidence; for reading.
    func ask(_ request: KubernetesRequest, limit: Int = KubernetesLimits.answerBytes) async throws -> HTTPAnswer {
        do {
            return try await send(request, limit: limit)
        } catch {
            noteFailure(request, error)
            throw error
        }
    }

    /// As `send`, for what alters: where no answer came, it may have happened all the same.
    func alter(_ request: KubernetesRequest) async throws -> KubernetesObject {
        do {
            let answer = try await send(request)
            let object: JSONValue
            do { object = try document(answer.body, request) } catch {
                throw CouldNotLook(.malformed, "\(identity) answered that it did, with something unreadable.")
            }
            noteObject(request, object, answer)
            return KubernetesObject(object)
        } catch {
            noteFailure(request, error)
            throw Self.perhaps(error, request)
        }
    }

    func failure(_ answer: HTTPAnswer, to request: KubernetesRequest) -> KubernetesFailure {
        KubernetesFailure(
            status: answer.status, retryAfter: Self.retryAfter(answer.header("retry-after")),
            body: Array(answer.body.prefix(KubernetesLimits.errorBytes)), to: request, at: identity)
    }

    /// Looking is done with looking requests only.
    func permit(_ request: KubernetesRequest) throws {
        guard purpose == .change || request.isLook else {
            throw CouldNotLook(.noPermission, "A look at \(identity) may not \(request.words): it only reads.")
        }
    }

    /// A document that is an object; throws `CouldNotLook` for anything else.
    func document(
        _ body: [UInt8], _ request: KubernetesRequest, leaving: KubernetesJSON.Leaving = .nothing
    ) throws -> JSONValue {
        do {
            let value = try KubernetesJSON.read(body, leaving: leaving)
            guard case .object = value else {
                throw CouldNotLook(
                    .malformed, "\(identity) answered \(request.words) with something that is no object.")
            }
            return value
        } catch let mistake as JSONReader.Mistake {
            throw CouldNotLook(
                mistake.isTooLarge ? .tooLarge : .malformed,
                "\(identity) did not answer \(request.words) with a document that can be read: \(mistake.sentence).")
        }
    }

    func noteObject(_ request: KubernetesRequest, _ json: JSONValue, _ answer: HTTPAnswer) {
        let object = KubernetesObject(json)
        note(
            request.statement,
            "\(answer.status) \(json["kind"]?.asText?.prefix(100) ?? "no kind") \(object.name.prefix(260)) "
                + "uid \(object.uid.prefix(64)) resourceVersion \(object.resourceVersion.prefix(64)) "
                + "sha256 \(sha256Hex(answer.body))")
    }

    func noteFailure(_ request: KubernetesRequest, _ error: any Error) {
        switch error {
        case let failure as KubernetesFailure:
            note(request.statement, "\(failure.code) \(failure.reason.rawValue.prefix(100)): \(failure.cause.sentence)")
        case let error as CouldNotLook:
            note(request.statement, "no answer: \(error.cause.code.rawValue): \(error.cause.sentence)")
        default: break
        }
    }

    /// Seconds; the other form, a date, depends on both clocks.
    static func retryAfter(_ text: String?) -> Duration? {
        text.flatMap { Int($0) }.flatMap { (0..<86_400).contains($0) ? .seconds($0) : nil }
    }

    /// What certainly did not happen is told from what may have.
    private static func perhaps(_ error: any Error, _ request: KubernetesRequest) -> any Error {
        let sentence: String
        switch error {
        case let failure as KubernetesFailure where !failure.isCertain: sentence = failure.cause.sentence
        case let error as CouldNotLook:
            let unsent: Set<Cause.Code> = [
                .refused, .unreachable, .networkDown, .tlsFailed, .noPermission, .signInFailed, .notSupported,
                .rejected, .notFound,
            ]
            if unsent.contains(error.cause.code) { return error }
            sentence = error.cause.sentence
        default: return error
        }
        return CouldNotLook(.perhapsApplied, "\(sentence) It was to \(request.words), and may have happened.")
    }
}

/// What was tried again already.
private struct Repeated {
    private var losses = 0
    private var renewals = 0
    private var waits = 0

    mutating func oneLoss() -> Bool {
        losses += 1
        return losses == 1
    }

    mutating func oneRenewal() -> Bool {
        renewals += 1
        return renewals == 1
    }

    /// How long to wait before asking again; `nil` where the failure counts. Whoever asks for patience did nothing yet.
    mutating func pause(after failure: KubernetesFailure) -> Duration? {
        let isPassing =
            failure.code == 429 ? !failure.isDisruptionBudget : failure.code >= 500 && failure.retryAfter != nil
        guard isPassing, waits < KubernetesLimits.patience else { return nil }
        waits += 1
        return max(.milliseconds(100), failure.retryAfter ?? KubernetesLimits.pause)
    }
}
