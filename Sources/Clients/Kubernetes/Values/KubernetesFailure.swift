import ClientHTTP
public import Maintenance

/// An error that the API answered, as its `Status` says it; of a body that is none, as its HTTP status says it.
public struct KubernetesFailure: CausedError, Sendable, Hashable, CustomStringConvertible {
    /// The API's own word for what is wrong; the list is open.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let badRequest = Reason(rawValue: "BadRequest")
        public static let unauthorized = Reason(rawValue: "Unauthorized")
        public static let forbidden = Reason(rawValue: "Forbidden")
        public static let notFound = Reason(rawValue: "NotFound")
        public static let alreadyExists = Reason(rawValue: "AlreadyExists")
        public static let conflict = Reason(rawValue: "Conflict")
        public static let gone = Reason(rawValue: "Gone")
        public static let expired = Reason(rawValue: "Expired")
        public static let invalid = Reason(rawValue: "Invalid")
        public static let tooManyRequests = Reason(rawValue: "TooManyRequests")
        public static let methodNotAllowed = Reason(rawValue: "MethodNotAllowed")
        public static let notAcceptable = Reason(rawValue: "NotAcceptable")
        public static let unsupportedMediaType = Reason(rawValue: "UnsupportedMediaType")
        public static let requestEntityTooLarge = Reason(rawValue: "RequestEntityTooLarge")
        public static let serverTimeout = Reason(rawValue: "ServerTimeout")
        public static let storageReadTimeout = Reason(rawValue: "StorageReadTimeout")
        public static let timeout = Reason(rawValue: "Timeout")
        public static let internalError = Reason(rawValue: "InternalError")
        public static let serviceUnavailable = Reason(rawValue: "ServiceUnavailable")
        public static let unknown = Reason(rawValue: "Unknown")
    }

    /// One thing that is wrong.
    public struct Detail: Sendable, Hashable {
        /// `FieldValueInvalid`, `FieldManagerConflict`, `DisruptionBudget` …
        public let reason: String
        /// Where in the object: `spec.replicas`.
        public let field: String
        /// The server's words, which may quote values of the object.
        public let message: String
    }

    public let code: Int
    public let reason: Reason
    /// The server's words, which may quote values of the object: not for findings.
    public let message: String
    public let details: [Detail]
    /// The object or resource that the server names, such as `pods` and `api-0`.
    public let kind: String
    public let name: String
    /// How long the server asks to wait.
    public let retryAfter: Duration?
    /// True where the API itself said so; false for a bare HTTP status, such as a gateway's.
    public let isStatus: Bool
    /// For people: what, where, what next; without values of the object.
    public let cause: Cause

    public var description: String { cause.sentence }

    /// True where the call certainly altered nothing.
    public var isCertain: Bool { code < 500 || isStatus && [.internalError, .serviceUnavailable].contains(reason) }

    /// True where an eviction must wait for other pods to be healthy.
    public var isDisruptionBudget: Bool { code == 429 && details.contains { $0.reason == "DisruptionBudget" } }

    /// True where what a list or watch asked for is no longer kept.
    public var isGone: Bool { code == 410 || reason == .expired || reason == .gone }

    /// True where the object is not there, and not where the path or the API is not.
    public var isMissingObject: Bool { code == 404 && isStatus && reason == .notFound }
}

extension KubernetesFailure {
    /// - Parameters:
    ///   - request: what was asked, for the sentence.
    ///   - body: the answer's body.
    init(status: Int, retryAfter: Duration?, body: [UInt8], to request: KubernetesRequest, at identity: String) {
        let document = try? KubernetesJSON.read(body)
        self.init(status: status, retryAfter: retryAfter, document: document, to: request, at: identity)
    }

    /// From a `Status`, such as a watch sends in the midst of its events.
    init(
        status: Int, retryAfter: Duration? = nil, document: JSONValue?, to request: KubernetesRequest,
        at identity: String
    ) {
        let said = document.flatMap { $0["kind"] == "Status" ? $0 : nil }
        let details = said?["details"]
        // A `Status` inside a 200 answer carries its own code.
        let code = status < 300 ? said?["code"]?.asWhole ?? status : status
        let reason = said?["reason"]?.asText.map(Reason.init(rawValue:)) ?? Self.reason(of: code)
        let seconds = details?["retryAfterSeconds"]?.asWhole
        self.code = code
        self.reason = reason
        isStatus = said != nil
        message = String((said?["message"]?.asText ?? "").prefix(KubernetesLimits.message))
        kind = details?["kind"]?.asText ?? ""
        name = details?["name"]?.asText ?? ""
        self.retryAfter = retryAfter ?? seconds.flatMap { (1..<86_400).contains($0) ? .seconds($0) : nil }
        self.details = (details?["causes"]?.asList ?? []).prefix(20).map { cause in
            Detail(
                reason: cause["reason"]?.asText ?? "", field: cause["field"]?.asText ?? "",
                message: String((cause["message"]?.asText ?? "").prefix(KubernetesLimits.message)))
        }
        let words = KubernetesFailureWords(
            code: code, reason: reason, message: message, details: self.details, isStatus: said != nil,
            request: request, identity: identity)
        cause = Cause(words.causeCode, words.sentence)
    }

    private static func reason(of code: Int) -> Reason {
        switch code {
        case 400: .badRequest
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 405: .methodNotAllowed
        case 406: .notAcceptable
        case 409: .conflict
        case 410: .gone
        case 413: .requestEntityTooLarge
        case 415: .unsupportedMediaType
        case 422: .invalid
        case 429: .tooManyRequests
        case 500: .internalError
        case 503: .serviceUnavailable
        case 504: .timeout
        default: .unknown
        }
    }
}

extension Cause.Code {
    /// Someone altered the object since it was read, or owns what was to be altered.
    public static let conflict = Cause.Code(rawValue: "conflict")
    /// It was there, and is no longer kept.
    public static let gone = Cause.Code(rawValue: "gone")
    /// The server itself failed.
    public static let serverError = Cause.Code(rawValue: "server-error")
}
