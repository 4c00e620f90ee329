import ClientHTTP
import Host
public import Maintenance

extension Cause.Code {
    /// Two clocks are too far apart.
    public static let clockSkew = Cause.Code(rawValue: "clock-skew")
    /// The object is in an archive and must be restored before it can be read.
    public static let archived = Cause.Code(rawValue: "archived")
    /// The bucket is in another region, and the store does not send us there.
    public static let wrongRegion = Cause.Code(rawValue: "wrong-region")
    /// What must not be replaced is there, or what was meant has changed since.
    public static let conflict = Cause.Code(rawValue: "conflict")
}

/// A request that the store answered with an error.
public struct S3Failure: Error, Hashable, Sendable {
    /// The store's own code, such as `AccessDenied`; empty where it gave none.
    public let code: String
    /// The store's own words, which may hold names; never shown.
    public let message: String
    public let status: Int
    /// By which the store's people find the request.
    public let requestID: String?
    /// The region in which the bucket is, where the store says so.
    let region: String?
    let operation: S3Operation
    let place: String
    /// How far the store's clock is from ours, as far as it is known.
    let clock: StoreClock?

    init(_ answer: S3Answer, to request: S3Request, at address: S3Address, clock: StoreClock?) {
        let document = try? XMLDocument.parse(answer.body)
        let error = document.flatMap(Self.error)
        code = error?["Code"] ?? ""
        message = error?["Message"] ?? ""
        status = answer.status
        requestID = answer.header("x-amz-request-id") ?? error?["RequestId"]
        region = (answer.header("x-amz-bucket-region") ?? error?["Region"]).flatMap {
            S3Address.isRegion($0) ? $0 : nil
        }
        operation = request.operation
        place = request.key.map { "`\($0)` in \(address.identity)" } ?? address.identity
        self.clock = clock
    }

    /// The element of an error, which some services put into another.
    private static func error(in document: XMLElement) -> XMLElement? {
        document.name == "Error" ? document : document.first("Error")
    }

    static func code(in document: XMLElement) -> String? { error(in: document)?["Code"] }

    /// The credentials were good once and are no longer.
    var isExpired: Bool { ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(code) }

    /// The bucket is elsewhere, and another signature or endpoint would do.
    var isElsewhere: Bool {
        status == 301
            || ["AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"].contains(
                code)
            || (status == 400 && code.isEmpty && region != nil)
    }

    /// Asking again later may help.
    var isBusy: Bool {
        [429, 500, 502, 503, 504].contains(status) || ["SlowDown", "RequestTimeout", "OperationAborted"].contains(code)
    }

    var isMissing: Bool { status == 404 && code != "NoSuchBucket" }

    /// The request was certainly not carried out.
    var isCertain: Bool { (300...499).contains(status) && status != 408 }
}

extension S3Failure {
    /// What it means for who asked: what, where, what to do next.
    public var cause: Cause {
        switch code {
        case "InvalidAccessKeyId", "InvalidClientTokenId":
            Cause(.signInFailed, "\(place) does not know the access key: check the credentials\(request).")
        case "SignatureDoesNotMatch":
            Cause(
                .signInFailed,
                "\(place) does not accept the signature: the secret key is wrong, or something on the "
                    + "way alters the requests\(request).")
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken":
            Cause(.signInFailed, "The credentials for \(place) have expired, and renewed ones did not help\(request).")
        case "RequestTimeTooSkewed", "RequestExpired": skewed
        case "InvalidObjectState":
            Cause(
                .archived, "\(place) is in an archive tier: it must be restored there before it can be read\(request).")
        case "NoSuchBucket": Cause(.notFound, "There is no such bucket: \(place)\(request).")
        case "NoSuchUpload": Cause(.notFound, "The upload of \(place) is not there: ended or aborted\(request).")
        case "SlowDown": busy
        case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch":
            Cause(.rejected, "\(place) received other bytes than were sent; nothing was stored\(request).")
        case "MethodNotAllowed", "NotImplemented":
            Cause(.notSupported, "The store of \(place) does not do \(operation.words)\(request).")
        default: causeOfStatus
        }
    }

    private var causeOfStatus: Cause {
        if isElsewhere {
            let there = region.map { "is in the region \($0): write `region: \($0)`" } ?? "is in another region"
            return Cause(.wrongRegion, "\(place) \(there), and the `endpoint` that goes with it\(request).")
        }
        switch status {
        case 401: return Cause(.signInFailed, "\(place) wants other credentials\(request).")
        case 403:
            return Cause(
                .noPermission,
                "\(place) does not allow \(operation.words): the credentials need \(operation.right)\(request).")
        case 404: return Cause(.notFound, "\(place) is not there\(request).")
        case 409: return Cause(.conflict, "Somebody else is at work on \(place)\(request).")
        case 412: return Cause(.conflict, "\(place) is there already, or has changed since\(request).")
        case 416: return Cause(.noData, "\(place) is shorter than the part that was asked for\(request).")
        case 413: return Cause(.tooLarge, "\(place): the store takes no object of that size\(request).")
        case 429, 503: return busy
        case 405, 501: return Cause(.notSupported, "The store of \(place) does not do \(operation.words)\(request).")
        case 300...399:
            return Cause(.rejected, "\(place) sends elsewhere (HTTP \(status)), and nobody follows\(request).")
        case 400...499: return Cause(.rejected, "\(place) rejects \(operation.words)\(request).")
        default: return Cause(.unexpected, "\(place) failed on its own side\(request).")
        }
    }

    private var busy: Cause { Cause(.busy, "\(place) was too busy each time it was asked; try again later\(request).") }

    private var skewed: Cause {
        let by = clock.map { ": its clock is \($0.words)" } ?? ""
        return Cause(
            .clockSkew,
            "\(place) refuses requests of another time\(by); set this machine's clock, or the store's\(request).")
    }

    /// For the store's people.
    private var request: String {
        let code = code.isEmpty ? "HTTP \(status)" : "HTTP \(status) \(Self.plain(code))"
        return " (\(code)" + (requestID.map { ", request \(Self.plain($0))" } ?? "") + ")"
    }

    /// What came from outside, fit for a sentence.
    private static func plain(_ text: String) -> String {
        String(text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_+/=.".contains($0)) }.prefix(80))
    }
}
