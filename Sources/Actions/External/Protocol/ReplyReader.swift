import ClientPrograms
import Host
import Maintenance

/// What a program is asked to do, one a process.
enum Call: String, CaseIterable, Sendable {
    case describe, observe, preview, prepare, probe, apply, undo, repair

    /// All others only look.
    var isChanging: Bool { self == .apply || self == .undo || self == .repair }
}

/// The version of the protocol that this program speaks.
let protocolVersion = 1

/// Reads the lines of one answer: progress and log as they come, then one reply or one error, then nothing.
struct ReplyReader: Sendable {
    /// What a program answered at last.
    enum Answer: Sendable {
        case reply(JSONValue)
        case couldNotLook(Cause)
        case failed(Cause)
    }

    /// What is passed on before the answer.
    enum News: Hashable, Sendable {
        case progress(done: Double, total: Double?, text: String)
        case log(String)
    }

    let id: String
    private(set) var answer: Answer?
    /// What is wrong with the lines.
    private(set) var mistake: Misspoken?
    /// The answer's bytes, for the evidence.
    private(set) var answerBytes: [UInt8] = []
    private var messages = 0

    init(id: String) { self.id = id }

    mutating func read(_ line: [UInt8], _ news: (News) -> Void) -> ProgramDialogue.Next {
        do throws(Misspoken) {
            guard answer == nil else { throw Misspoken(sentence: "it wrote more after its answer") }
            return try message(line, news)
        } catch {
            mistake = error
            return .stop
        }
    }

    private mutating func message(_ line: [UInt8], _ news: (News) -> Void) throws(Misspoken) -> ProgramDialogue.Next {
        let value: JSONValue
        do throws(JSONReader.Mistake) { value = try JSONReader.read(line) } catch {
            throw Misspoken(sentence: "a line of it is no JSON: \(error.sentence)")
        }
        var reader = try ObjectReader(value, "a message")
        let type = try reader.neededText("type")
        guard try reader.text("id") == id else {
            throw Misspoken(sentence: "a message does not carry the `id` of the request")
        }
        switch type {
        case "progress":
            news(
                .progress(
                    done: try reader.number("done") ?? 0, total: try reader.number("total"),
                    text: try reader.text("text", limit: ExternalLimits.progress) ?? ""))
            return try passed(reader)
        case "log":
            news(.log(try reader.neededText("text")))
            return try passed(reader)
        case "reply":
            guard try reader.number("protocol") == Double(protocolVersion) else {
                throw Misspoken(sentence: "its reply does not say `\"protocol\": \(protocolVersion)`")
            }
            answer = .reply(.object(rest(&reader)))
        case "error": answer = try error(&reader)
        default: throw Misspoken(sentence: "a message has the type `\(type.prefix(40))`, which is not known")
        }
        answerBytes = line
        return .last
    }

    private mutating func passed(_ reader: ObjectReader) throws(Misspoken) -> ProgramDialogue.Next {
        try reader.end()
        messages += 1
        guard messages <= ExternalLimits.messages else {
            throw Misspoken(sentence: "it wrote more than \(ExternalLimits.messages) messages")
        }
        return .goOn
    }

    private func rest(_ reader: inout ObjectReader) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for name in reader.names { fields[name] = reader.take(name) }
        return fields
    }

    private enum ErrorKind: String, CaseIterable {
        case couldNotLook = "could-not-look"
        case failed
    }

    private func error(_ reader: inout ObjectReader) throws(Misspoken) -> Answer {
        guard let kind = try reader.word("kind", ErrorKind.self, ErrorKind.allCases) else {
            throw Misspoken(sentence: "an error has no `kind`")
        }
        let cause = try Replies.cause(&reader)
        try reader.end()
        return kind == .failed ? .failed(cause) : .couldNotLook(cause)
    }
}
