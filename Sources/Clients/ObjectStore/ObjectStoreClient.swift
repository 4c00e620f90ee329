import ClientHTTP
public import Host
import Maintenance
import Synchronization

/// What the steps of a run share about a bucket: its connections, the credentials, what was learned of its region and
/// clock.
public final class ObjectStoreClient: Sendable {
    private struct State {
        var transports: [String: HTTPTransport] = [:]
        var credentials: AWSCredentials?
        /// The one that the store named, else the one that was found.
        var region: String?
        var clock: StoreClock?
        var isClosed = false
    }

    let address: S3Address?
    private let authorities: String?
    private let given: CredentialChain.Given
    private let host: Host
    private let state = Mutex(State())

    init(address: S3Address?, authorities: String?, credentials: CredentialChain.Given, on host: Host) {
        self.address = address
        self.authorities = authorities
        given = credentials
        self.host = host
    }

    func transport(to url: String) throws -> HTTPTransport {
        try state.withLock { state in
            guard !state.isClosed else {
                throw CouldNotLook(
                    .connectionLost, "The connections to \(address?.identity ?? url) were closed already.")
            }
            if let open = state.transports[url] { return open }
            let endpoint: HTTPEndpoint
            do throws(ValueError) {
                endpoint = try HTTPEndpoint(url: url, trust: authorities.map { .file($0) } ?? .system)
            } catch {
                throw CouldNotLook(
                    .notSupported, "The endpoint of \(address?.identity ?? url) is wrong: \(error.message).")
            }
            let transport = HTTPTransport(endpoint, on: host)
            state.transports[url] = transport
            return transport
        }
    }

    /// Those at hand, renewed before they end; `refused` are those that the store takes no longer.
    func credentials(insteadOf refused: AWSCredentials? = nil, in context: Context) async throws -> AWSCredentials {
        let kept = state.withLock { $0.credentials }
        if let kept, kept.isFresh(at: host.now()), kept.secretKey.reveal() != refused?.secretKey.reveal() {
            return kept
        }
        // Two steps may find the same ones at the same time; that does no harm.
        let region = try await region(in: context)
        do {
            let found = try await CredentialChain(given: given, host: host, region: region).credentials(in: context)
            state.withLock { $0.credentials = found }
            return found
        } catch let error as CouldNotLook {
            // The old ones may still do: whether they end is for the store to say.
            guard let kept, refused == nil, kept.expires.map({ $0 > host.now() }) == true else { throw error }
            return kept
        }
    }

    func region(in context: Context) async throws -> String {
        if let region = state.withLock({ $0.region }) ?? address?.region { return region }
        var found = host.environment("AWS_REGION") ?? host.environment("AWS_DEFAULT_REGION")
        if found == nil || found == "" {
            let files = try await ProfileFiles.read(on: host, until: context.deadline)
            found = files[given.profile ?? host.environment("AWS_PROFILE") ?? "default"]?["region"]
        }
        let region = found.flatMap { S3Address.isRegion($0) ? $0 : nil } ?? "us-east-1"
        state.withLock { $0.region = $0.region ?? region }
        return region
    }

    /// The store says where the bucket is.
    func correct(region: String) { state.withLock { $0.region = region } }

    var clock: StoreClock? { state.withLock { $0.clock } }

    func note(_ clock: StoreClock) { state.withLock { $0.clock = clock } }

    func close() async {
        let open = state.withLock { state in
            defer {
                state.isClosed = true
                state.transports = [:]
                state.credentials = nil
            }
            return Array(state.transports.values)
        }
        for transport in open { await transport.close() }
    }
}

/// The store's clock, by the `Date` of one of its answers.
public struct StoreClock: Hashable, Sendable {
    /// What it said.
    public let server: Instant
    /// How far it is ahead of ours; behind it is below zero. To about a second: the header has whole seconds.
    public let skew: Duration

    /// - Parameter waited: from the request to its answer; the clock was read somewhere between.
    init(server: Instant, received: Instant, waited: Duration) {
        self.server = server
        skew = (server + .milliseconds(500)) - (received - waited / 2)
    }

    /// What its clock shows while ours shows `ours`.
    public func now(_ ours: Instant) -> Instant { ours + skew }

    /// Too far from ours for ages to be believed.
    public var isOff: Bool { skew > ObjectStoreLimits.clockSkew || skew < .zero - ObjectStoreLimits.clockSkew }

    /// "3 h 2 min ahead of".
    public var words: String {
        let seconds = Int64(skew.inSeconds.rounded())
        let size = abs(seconds)
        let text =
            size < 120 ? "\(size) s" : size < 7200 ? "\(size / 60) min" : "\(size / 3600) h \(size % 3600 / 60) min"
        return "\(text) \(seconds < 0 ? "behind" : "ahead of") ours"
    }
}
