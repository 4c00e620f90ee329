import ClientHTTP
import Host
public import Maintenance

/// How a watchdog is told.
public enum HeartbeatMethod: String, Sendable, CaseIterable, WordValue {
    case get, post

    var word: String { rawValue.uppercased() }
}

/// A watchdog elsewhere that raises the alarm when it hears nothing: also when Millwright itself does not run.
public struct HeartbeatChannel: ChannelKind {
    public static let name = "heartbeat"
    public static let summary = """
        A watchdog (a dead-man's switch) that raises the alarm by itself when it hears nothing for too long. It is told when \
        a whole run of a procedure ended with pass or warn; the run's id is sent as `Millwright-Run`, and with `post` a line \
        about the run is the body. Any answer from 200 to 299 is the receipt; redirects are not followed.
        """
    public static let shorthand = "url"
    public static let use = ChannelUse.heartbeat
    public static let isIdempotent = true
    public static let failureParameter: String? = "failure-url"
    public static var parameters: [Parameter<HeartbeatChannel>] {
        [
            .required("url", \.url, "The URL to ask, which is a secret: who has it can quieten the alarm."),
            .optional(
                "failure-url", \.failureURL, default: nil,
                "The URL to ask when a run failed or could not be known; without it nothing is said then."),
            .optional("method", \.method, default: .get, "How it is asked: `get` or `post`."),
            .optional("ca", \.ca, default: nil, "A PEM file of authorities to trust besides the system's."),
        ]
    }

    var url = Secret("")
    var failureURL: Secret?
    var method = HeartbeatMethod.get
    var ca: String?

    public init() {}

    public var identity: String { (try? SecretURL(url).identity) ?? "heartbeat" }

    public var secrets: [Secret] {
        [url, failureURL].compactMap { $0 }.flatMap { (try? SecretURL($0).secrets) ?? [$0] }
    }

    public func validate() throws(ValueError) {
        for (name, url) in [("url", url), ("failure-url", failureURL ?? url)] {
            do { _ = try SecretURL(url, ca: ca) } catch { throw ValueError(error.message, path: [name]) }
        }
    }

    public func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        let isWell = notice.verdict == .pass || notice.verdict == .warn
        // Whoever asks: a run that did not end well never quietens the watchdog.
        guard let chosen = isWell ? url : failureURL, let url = try? SecretURL(chosen, ca: ca) else {
            throw DeliveryError.notSent(
                Cause(.notSupported, "\(identity) takes no word of a run that is no pass: give it a `failure-url`."),
                mayRetry: false)
        }
        let line = "\(notice.service) \(notice.procedure) \(notice.run): \(notice.verdict?.rawValue ?? "no verdict")\n"
        let headers = [
            (name: "Millwright-Run", value: NoticeText.oneLine(notice.run, 100)),
            (name: "Content-Type", value: "text/plain; charset=utf-8"),
        ]
        let call = HTTPCall(
            method.word, url.path, headers: method == .post ? headers : Array(headers.prefix(1)),
            body: method == .post ? Array(line.utf8) : nil)
        return try await HTTPDelivery(url: url, call: call).send(in: context)
    }
}
