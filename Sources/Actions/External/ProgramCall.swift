import ClientPrograms
import Host
import Maintenance
import Synchronization

/// One call of a program: a process that is asked one thing, and what it answered.
struct ProgramCall: Sendable {
    let name: String
    let call: Call
    let command: ProgramCommand
    /// What the request holds besides the protocol's own members. It may hold secrets.
    let request: [String: JSONValue]
    let masker: Masker
    /// Who answers, for the evidence.
    let source: String
    let unit: String?

    /// What came of it: the answer's bytes, the log and the standard error, all without secrets.
    struct Answered: Sendable {
        let result: Result<JSONValue, any Error>
        var evidence: [UInt8] = []
        var log: [String] = []
        var errors = ""
    }

    /// Asks off the pool. The child is known to the journal before it is told anything. Ended at the deadline or when
    /// cancelled, with all that it started.
    func ask(in context: Context) async throws -> JSONValue {
        try Task.checkCancellation()
        let (command, host, label) = (command, context.host, context.label)
        let dialogue = try await OffPool.finish {
            Result { () throws(CouldNotLook) in try ProgramDialogue(command, label: label, host: host) }
        }.get()
        do {
            if let child = dialogue.child { try await context.childStarted(child) }
        } catch {
            await OffPool.finish { dialogue.abandon() }
            throw error
        }
        let isCancelled = Flag()
        let answered = await withTaskCancellationHandler {
            await OffPool.finish { converse(dialogue, context, isCancelled) }
        } onCancel: {
            isCancelled.set()
        }
        note(answered, context)
        return try answered.result.get()
    }

    private func converse(_ dialogue: ProgramDialogue, _ context: Context, _ isCancelled: Flag) -> Answered {
        converse(dialogue, until: context.deadline, context.host, isCancelled: { isCancelled.isSet }) { news in
            guard case .progress(let done, let total, let text) = news else { return }
            context.progress(Progress(done: done, total: total, text))
        }
    }

    /// Blocks its thread, until the deadline and a little longer.
    func converse(
        _ dialogue: ProgramDialogue, until deadline: Duration, _ host: Host, isCancelled: () -> Bool,
        progress: (ReplyReader.News) -> Void = { _ in }
    ) -> Answered {
        let id = hex(withUnsafeBytes(of: host.random().bigEndian) { Array($0) })
        var log: [String] = []
        var reader = ReplyReader(id: id)
        let outcome = dialogue.converse(line(id), until: deadline, isCancelled: isCancelled) { line in
            reader.read(line) { news in
                switch news {
                case .log(let text):
                    if log.count < ExternalLimits.logLines { log.append(masker.mask(text)) }
                    progress(.log(shown(text)))
                case .progress(let done, let total, let text):
                    progress(.progress(done: done, total: total, text: shown(text)))
                }
            }
        }
        let errors = outcome.errorText(masker)
        return Answered(
            result: Result { try verdict(outcome, reader, errors) }, evidence: masker.mask(reader.answerBytes),
            log: log,
            errors: errors)
    }

    private func line(_ id: String) -> [UInt8] {
        var fields = request
        fields["protocol"] = .number(Double(protocolVersion))
        fields["id"] = .text(id)
        fields["call"] = .text(call.rawValue)
        fields["action"] = .text(name)
        return ((try? encodeJSON(JSONValue.object(fields))) ?? []) + [10]
    }

    /// The answer, where nothing about the way it came is wrong.
    private func verdict(
        _ outcome: ProgramDialogue.Outcome, _ reader: ReplyReader, _ errors: String
    ) throws -> JSONValue {
        if outcome.end == .cancelled { throw CancellationError() }
        if let mistake = reader.mistake { throw misspoken(mistake) }
        switch outcome.end {
        case .cancelled, .stopped: throw CancellationError()
        case .deadline:
            let part = call.isChanging ? " A part of its work may be done." : ""
            throw CouldNotLook(
                .timedOut, "\(name) did not answer to `\(call)` in time and was ended, with what it had started.\(part)"
            )
        case .tooMuch:
            throw CouldNotLook(.tooLarge, "\(name), asked to `\(call)`, wrote a line or in all more than it may.")
        case .lingered: throw misspoken(Misspoken(sentence: "it did not end after its answer"))
        case .byItself(let ending): return try answer(ending, outcome.rest, reader, errors)
        }
    }

    private func answer(
        _ ending: ProgramResult.Ending, _ rest: [UInt8], _ reader: ReplyReader, _ errors: String
    ) throws -> JSONValue {
        guard rest.isEmpty else { throw misspoken(Misspoken(sentence: "its last line has no end")) }
        switch reader.answer {
        case .failed(let cause): throw ChangeFailed(masked(cause))
        case .couldNotLook(let cause): throw CouldNotLook(masked(cause))
        case .reply(let value) where ending == .exited(0): return value
        case .reply:
            throw CouldNotLook(
                .exitCode, "\(name), asked to `\(call)`, answered well and \(words(ending)).\(lastWords(errors))")
        case nil:
            throw CouldNotLook(
                .exitCode, "\(name), asked to `\(call)`, \(words(ending)) without an answer.\(lastWords(errors))")
        }
    }

    func misspoken(_ mistake: Misspoken) -> CouldNotLook {
        CouldNotLook(
            .malformed,
            masker.mask("\(name), asked to `\(call)`, does not keep to the protocol: \(mistake.sentence)."))
    }

    private func masked(_ cause: Cause) -> Cause { Cause(cause.code, masker.mask(cause.sentence)) }

    private func words(_ ending: ProgramResult.Ending) -> String {
        switch ending {
        case .exited(let code): "ended with exit code \(code)"
        case .signalled(let signal): "was ended by signal \(signal)"
        }
    }

    private func lastWords(_ errors: String) -> String {
        let lines = errors.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " / ").filter { $0 >= " " }
        return lines.isEmpty ? "" : " Its last words: \(lines.suffix(ExternalLimits.lastWords))"
    }

    private func shown(_ text: String) -> String {
        String(masker.mask(text).filter { !$0.isNewline && $0 >= " " }.prefix(ExternalLimits.progress))
    }

    /// The answer as it came, without secrets; then what the program said besides.
    private func note(_ answered: Answered, _ context: Context) {
        let statement = "\(name) \(call)\(unit.map { " \($0)" } ?? "")"
        var answer = answered.evidence
        if case .failure(let error) = answered.result, answer.isEmpty { answer = Array(Cause(error).sentence.utf8) }
        context.evidence.note(source: source, statement: masker.mask(statement), answer: answer)
        let said = (answered.log + (answered.errors.isEmpty ? [] : [answered.errors])).joined(separator: "\n")
        guard !said.isEmpty else { return }
        context.evidence.note(source: source, statement: masker.mask(statement) + " (its log)", answer: said.utf8)
    }
}

extension Cause.Code {
    /// A program ended, and not as it should.
    static let exitCode = Cause.Code(rawValue: "exit-code")
}

/// Set once, from wherever the cancellation comes.
private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
