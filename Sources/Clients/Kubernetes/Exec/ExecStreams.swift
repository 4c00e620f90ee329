import Maintenance

/// The protocol inside the WebSocket, version 4 or 5 of the API's remote commands: the first byte of a message names its
/// channel. It knows nothing of the network.
struct ExecStreams: Sendable {
    enum Channel: UInt8 {
        case input = 0
        case output = 1
        case error = 2
        case status = 3
        case resize = 4
        /// Version 5 only: the second byte names the channel that ends.
        case close = 255
    }

    /// How the command ended, as the status says.
    enum Ending: Hashable, Sendable {
        case exited(Int)
        /// It could not be run; the API's reason.
        case failed(reason: String, words: String)
    }

    static let protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    private let limit: Int
    private(set) var output: [UInt8] = []
    private(set) var error: [UInt8] = []
    private(set) var isCut = false
    private var status: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// A whole message.
    mutating func receive(_ message: [UInt8]) throws(CouldNotLook) {
        guard let first = message.first else { return }
        let text = message.dropFirst()
        switch Channel(rawValue: first) {
        case .output: keep(text, in: \.output)
        case .error: keep(text, in: \.error)
        case .status:
            guard status.count + text.count <= ExecLimits.status else {
                throw CouldNotLook(.tooLarge, "The status of the command is larger than \(ExecLimits.status) bytes.")
            }
            status += text
        case .close: return
        case .input, .resize, nil:
            throw CouldNotLook(.malformed, "The server sent on a channel that it has not: \(first).")
        }
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>, in stream: WritableKeyPath<ExecStreams, [UInt8]>) {
        let room = max(0, limit - output.count - error.count)
        self[keyPath: stream] += bytes.prefix(room)
        if bytes.count > room { isCut = true }
    }

    /// `nil` where no status came, or none that can be read: then nobody knows how the command ended.
    var ending: Ending? {
        guard !status.isEmpty, let document = try? KubernetesJSON.read(status) else { return nil }
        switch document["status"]?.asText {
        case "Success": return .exited(0)
        case "Failure":
            let reason = document["reason"]?.asText ?? ""
            let causes = document["details"]?["causes"]?.asList ?? []
            if reason == "NonZeroExitCode",
                let code = causes.first(where: { $0["reason"] == "ExitCode" })?["message"]?.asText.flatMap({ Int($0) })
            {
                return .exited(code)
            }
            return .failed(
                reason: reason, words: String((document["message"]?.asText ?? "").prefix(KubernetesLimits.message)))
        default: return nil
        }
    }

    /// The messages that carry these bytes to the command's standard input, and end it.
    static func input(_ bytes: [UInt8]) -> [[UInt8]] {
        var messages = stride(from: 0, to: bytes.count, by: ExecLimits.inputFrame).map { start in
            [Channel.input.rawValue] + bytes[start..<min(start + ExecLimits.inputFrame, bytes.count)]
        }
        messages.append([Channel.close.rawValue, Channel.input.rawValue])
        return messages
    }
}
