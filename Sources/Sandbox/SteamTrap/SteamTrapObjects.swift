import CZlib
import Foundation

/// STEAMTRAP's buckets on a real object store: its backups, its archived logs, and what its scanners wrote.
public struct SteamTrapObjects: Sendable {
    public static let backups = "greenlang-backups"
    public static let logs = "greenlang-logs"
    public static let reports = "greenlang-reports"
    public static let prefix = "gl008/"
    /// The images that the scanner looks at.
    public static let images = [
        "greenlang/steam-trap-inspector", "greenlang/api-gateway", "greenlang/worker", "greenlang/sensor-gateway",
        "greenlang/ml-service",
    ]

    public let server: ObjectStoreServer

    static func start(under parent: String?) async throws -> SteamTrapObjects {
        let objects = SteamTrapObjects(server: try await ObjectStoreServer.start(under: parent))
        for bucket in [backups, logs, reports] { try objects.server.makeBucket(bucket) }
        try objects.fill()
        return objects
    }

    /// As it is when all is well.
    func fill() throws {
        for bucket in [Self.backups, Self.reports] { try clear(bucket) }
        for day in 0..<14 { try placeBackup(hoursAgo: 7 + 24 * day, rows: 4000 - day * 20) }
        for image in Self.images { try place(report: SteamTrapScan(image: image)) }
        try place(
            #"[{"name":"numpy","version":"2.1.0","latest_version":"2.1.3","latest_filetype":"wheel"}]"#,
            at: "dependencies/pip-outdated.json")
        let installed = (1...64).map { #"{"name":"package-\#($0)","version":"1.0.\#($0)"}"# }
        try place("[\(installed.joined(separator: ","))]", at: "dependencies/pip-list.json")
        try place(
            #"{"vite":{"current":"5.0.0","wanted":"5.4.1","latest":"5.4.1","dependent":"ui"}}"#,
            at: "dependencies/npm-outdated.json")
    }

    /// Removes what lies in a bucket.
    func clear(_ bucket: String) throws {
        let folder = server.folder(of: bucket)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    func place(_ text: String, at key: String, hoursAgo: Int = 5) throws {
        try server.place(
            Array(text.utf8), at: Self.prefix + key, in: Self.reports, age: .seconds(hoursAgo * 3600))
    }

    func place(report: SteamTrapScan) throws {
        let name = report.image.split(separator: "/").last.map(String.init) ?? report.image
        try place(report.text, at: "scans/\(name).json", hoursAgo: report.hoursAgo)
    }

    /// A backup under the name that the guide gives it, with a dump in it.
    func placeBackup(hoursAgo: Int, rows: Int, content: [UInt8]? = nil) throws {
        let time = Date(timeIntervalSinceNow: -Double(hoursAgo) * 3600)
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "yyyyMMdd-HHmmss"
        try server.place(
            try content ?? Self.gzipped(Self.dump(rows: rows)),
            at: "\(Self.prefix)greenlang-gl008-\(format.string(from: time)).sql.gz", in: Self.backups,
            age: .seconds(hoursAgo * 3600))
    }

    /// The keys of the backups, the newest last.
    func backupKeys() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: server.folder(of: Self.backups) + "/" + Self.prefix)
            .sorted()
    }

    static func dump(rows: Int) -> [UInt8] {
        var text =
            "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nCOPY public.traps (id, trap_id) FROM stdin;\n"
        for row in 0..<rows { text += "\(row)\t\(UInt64(row) &* 0x9e37_79b9_7f4a_7c15)\n" }
        return Array((text + "\\.\n\n--\n-- PostgreSQL database dump complete\n--\n").utf8)
    }

    /// A gzip file (RFC 1952).
    static func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        let format = MAX_WBITS + 16
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw ProgramError(program: "deflate", reason: "it could not be set up") }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        let status = input.withUnsafeMutableBufferPointer { from in
            output.withUnsafeMutableBufferPointer { to in
                stream.next_in = from.baseAddress
                stream.avail_in = UInt32(from.count)
                stream.next_out = to.baseAddress
                stream.avail_out = UInt32(to.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw ProgramError(program: "deflate", reason: "status \(status)") }
        return Array(output.prefix(Int(stream.total_out)))
    }
}

/// A report of the image scanner, as trivy writes it.
struct SteamTrapScan: Sendable {
    var image: String
    var hoursAgo = 5
    var high = 0
    var critical = 0
    var classes = ["os-pkgs", "lang-pkgs"]
    var packages = 120

    var text: String {
        let found =
            (0..<critical).map { Self.vulnerability($0, "CRITICAL") }
            + (critical..<critical + high).map { Self.vulnerability($0, "HIGH") }
            + [Self.vulnerability(900, "MEDIUM"), Self.vulnerability(901, "LOW")]
        let results = classes.enumerated().map { index, kind in
            let list = (0..<packages / classes.count).map {
                #"{"ID":"\#(kind)-\#($0)","Name":"p\#($0)","Version":"1.0"}"#
            }
            let vulnerabilities = index == 0 ? #","Vulnerabilities":[\#(found.joined(separator: ","))]"# : ""
            return #"{"Target":"\#(image) \#(kind)","Class":"\#(kind)","Type":"debian","#
                + #""Packages":[\#(list.joined(separator: ","))]\#(vulnerabilities)}"#
        }
        let time = Date(timeIntervalSinceNow: -Double(hoursAgo) * 3600).formatted(.iso8601)
        return
            #"{"SchemaVersion":2,"CreatedAt":"\#(time)","ArtifactName":"\#(image):v2.4.3","ArtifactType":"container_image","#
            + #""Metadata":{"OS":{"Family":"debian","Name":"12.8"},"ImageID":"sha256:\#(image.count)","#
            + #""RepoDigests":["\#(image)@sha256:\#(image.count)"]},"Results":[\#(results.joined(separator: ","))]}"#
    }

    private static func vulnerability(_ number: Int, _ severity: String) -> String {
        #"{"VulnerabilityID":"CVE-2026-\#(10_000 + number)","PkgName":"p\#(number)","InstalledVersion":"1.0","#
            + #""FixedVersion":"1.1","Severity":"\#(severity)"}"#
    }
}
