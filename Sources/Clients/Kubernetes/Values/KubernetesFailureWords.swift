import Maintenance

/// What an error of the API means, for people: built of what was asked and of the `Status`'s fixed parts, for its
/// message may quote the object.
struct KubernetesFailureWords {
    let code: Int
    let reason: KubernetesFailure.Reason
    let message: String
    let details: [KubernetesFailure.Detail]
    let isStatus: Bool
    let request: KubernetesRequest
    let identity: String

    var causeCode: Cause.Code {
        switch code {
        case 401: .signInFailed
        case 403: .noPermission
        case 404: .notFound
        case 405, 406, 415: .notSupported
        case 409: .conflict
        case 410: .gone
        case 413: .tooLarge
        case 429: .busy
        case 504: .timedOut
        case 300..<400: .malformed
        case 400..<500: .rejected
        default: .serverError
        }
    }

    var sentence: String {
        switch code {
        case 401:
            return "\(identity) does not accept the credentials: they are wrong, or have expired. Sign in anew."
        case 403: return forbidden
        case 404: return missing
        case 409: return conflict
        case 410:
            return "\(identity) no longer keeps what was asked for (410, \(reason.rawValue)): \(request.words) anew."
        case 422: return "\(identity) refused to \(request.words): \(fields ?? "the object is invalid")."
        case 429: return busy
        case 300..<400:
            return "\(identity) answered with a redirect (\(code)): the server's URL is not that of an API server."
        case 500...:
            let who = isStatus ? "" : ", by something in front of it, perhaps"
            return "\(identity) failed to \(request.words) (\(code) \(reason.rawValue)\(who))."
        default:
            let why = fields.map { ": " + $0 } ?? ""
            return "\(identity) refused to \(request.words) (\(code) \(reason.rawValue))\(why)."
        }
    }

    private var forbidden: String {
        // A quota's or admission plugin's refusal is no want of a right.
        if message.contains("exceeded quota") {
            return "\(identity) refused to \(request.words): a resource quota of the namespace is used up."
        }
        if !message.isEmpty, !message.contains("cannot \(request.verb)"), message.contains("is forbidden: ") {
            return "\(identity) refused to \(request.words): an admission rule forbids it, or a right is missing."
        }
        return "\(user) at \(identity) may not \(request.words): grant the right `\(request.right)`."
    }

    /// The API says who it takes us for.
    private var user: String {
        guard let mark = message.firstRange(of: "User \"") else { return "The user" }
        let name = message[mark.upperBound...].prefix { $0 != "\"" && !$0.isNewline }
        return name == "system:anonymous" ? "Nobody in particular (system:anonymous)" : "The user \(name.prefix(100))"
    }

    private var missing: String {
        if !isStatus {
            let what = request.resource.map { "the API \($0.apiVersion)" } ?? "this path"
            return "\(identity) does not serve \(what): it is not installed, or the server's URL is not that of an API."
        }
        return "\(identity) has no \(request.thing)."
    }

    private var conflict: String {
        if reason == .alreadyExists { return "\(identity) has \(request.thing) already." }
        let owners = details.filter { $0.reason == "FieldManagerConflict" }
        if !owners.isEmpty {
            let names = Set(owners.compactMap { Self.quoted($0.message) }).sorted().prefix(5).joined(separator: ", ")
            let places = owners.prefix(5).map(\.field).joined(separator: ", ")
            return "\(identity) refused to \(request.words): \(places) belongs to \(names.isEmpty ? "others" : names)."
        }
        return "\(identity) refused to \(request.words): it was altered, or replaced, since it was read. Look again."
    }

    private var busy: String {
        if details.contains(where: { $0.reason == "DisruptionBudget" }) {
            return "\(identity) refused to \(request.words): a disruption budget holds it until others are healthy."
        }
        return "\(identity) is too busy to \(request.words) (429): try again later."
    }

    /// The fields that are wrong and how, without their values.
    private var fields: String? {
        let said = details.prefix(5).filter { !$0.field.isEmpty || !$0.reason.isEmpty }.map { detail in
            let how = Self.ways[detail.reason] ?? detail.reason
            return detail.field.isEmpty ? how : "\(detail.field) \(how)"
        }
        return said.isEmpty ? nil : said.joined(separator: "; ")
    }

    private static let ways = [
        "FieldValueInvalid": "has an invalid value", "FieldValueRequired": "is missing",
        "FieldValueDuplicate": "is there twice", "FieldValueForbidden": "may not be set or altered so",
        "FieldValueNotSupported": "has a value that is not supported", "FieldValueNotFound": "names what is not there",
        "FieldValueTooLong": "is too long", "FieldValueTypeInvalid": "is of the wrong type",
    ]

    private static func quoted(_ text: String) -> String? {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count > 2 ? String(parts[1].prefix(60)) : nil
    }
}
