import Host

/// Where the log of one container in one period lies: the key says whose it is and which period, so that a listing of
/// keys tells how far the archive reaches.
struct ArchiveName: Hashable, Sendable {
    let namespace: String
    let pod: String
    /// The beginning of the pod's uid: pods of stateful sets follow each other under one name.
    let life: String
    let container: String
    /// Half-open, in whole seconds.
    let from: Instant
    let cut: Instant

    /// The containers whose archives follow each other.
    struct Chain: Hashable, Sendable {
        let pod: String
        let life: String
        let container: String
    }

    var chain: Chain { Chain(pod: pod, life: life, container: container) }

    /// `shop/api-0/api/20261115T020000Z_20261122T020000Z_1a2b3c4d.log.gz`, below the target's prefix.
    var text: String {
        "\(namespace)/\(pod)/\(container)/\(Self.text(from))_\(Self.text(cut))_\(life).log.gz"
    }

    static func life(uid: String) -> String { String(uid.filter { $0.isASCII && $0 != "/" && $0 != "_" }.prefix(8)) }

    init(namespace: String, pod: String, uid: String, container: String, from: Instant, cut: Instant) {
        self.namespace = namespace
        self.pod = pod
        life = Self.life(uid: uid)
        self.container = container
        self.from = from
        self.cut = cut
    }

    /// `nil` for what is no name of an archive: others may keep things in the bucket too.
    init?(_ text: some StringProtocol) {
        let parts = String(text).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[3].hasSuffix(".log.gz") else { return nil }
        let fields = parts[3].dropLast(7).split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3, let from = Self.instant(fields[0]), let cut = Self.instant(fields[1]), from < cut
        else {
            return nil
        }
        (namespace, pod, container, life) = (parts[0], parts[1], parts[2], fields[2])
        self.from = from
        self.cut = cut
    }

    private static func text(_ instant: Instant) -> String {
        Instant(secondsSinceEpoch: instant.secondsSinceEpoch).description.filter { $0 != "-" && $0 != ":" }
    }

    private static func instant(_ text: String) -> Instant? {
        let figures = Array(text)
        guard figures.count == 16 else { return nil }
        func part(_ range: Range<Int>) -> String { String(figures[range]) }
        return Instant(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<11)):\(part(11..<13)):\(part(13..<16))")
    }
}
