import ArgumentParser
import Evidence
import Host
import Journal
import Maintenance

struct EvidenceVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks an exported file, without a journal and without a network; names the first broken link.",
        discussion: "Exit codes: 0 whole, 2 broken. Nothing is unpacked.")

    @Argument(help: "The file.")
    var file: String

    @Option(help: "Who must have signed it: a fingerprint, sha256:…, or a file with the public key in PEM.")
    var key: String?

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() throws {
        let host = Composition().host
        let bundle: [UInt8]
        do { bundle = try host.readFile(file, EvidenceLimits.bundle) } catch {
            Output.diagnostic("\(file) could not be read, or has more than \(EvidenceLimits.bundle) bytes.")
            throw ExitStatus.journal
        }
        let pinned = try key.map { try KeyArgument.fingerprint($0, host: host) }
        do throws(BrokenLink) {
            let verified = try VerifiedBundle(bundle, pinned: pinned)
            try? show(verified, isPinned: pinned != nil)
        } catch {
            switch format {
            case .json: try Output.json(Answer(whole: false, broken: error))
            case .text: Output.line("\(Style.sign(.fail)) broken at \(Style.plain("\(error)"))")
            }
            throw ExitCode(Verdict.fail.exitCode)
        }
    }

    private struct Answer: Encodable {
        let whole: Bool
        var broken: BrokenLink?
        var run: RunRow?
        var head: ChainTip?
        var records: Int?
        var erased: Int?
        var checkpoint: Int?
        var signedBy: String?
        var isPinned: Bool?
        var notes: [String]?
    }

    private func show(_ bundle: VerifiedBundle, isPinned: Bool) throws {
        let manifest = bundle.manifest
        let run = manifest.run
        let own = bundle.checkpoints.first { $0.run == run.id }
        let erased = manifest.erased.count + bundle.erasedRecords
        guard format == .text else {
            return try Output.json(
                Answer(
                    whole: true, run: run, head: manifest.head, records: bundle.records.count, erased: erased,
                    checkpoint: own?.number, signedBy: bundle.key.fingerprint, isPinned: isPinned,
                    notes: manifest.notes))
        }
        Output.line(
            "\(Style.sign(.pass)) whole: run \(Style.plain(run.id)) of "
                + Style.plain("\(run.service) \(run.procedure), \(run.environment)")
                + ", \(run.verdict?.rawValue ?? run.state.rawValue)")
        Output.line(
            "  \(bundle.records.count) records, \(manifest.members.count) members, \(erased) erased by retention; the chain "
                + "ends with \(Style.plain(manifest.head?.digest ?? "nothing"))")
        if let own { Output.line("  checkpoint \(own.number) of \(own.at) holds its end") }
        for note in manifest.notes { Output.line("  \(Style.plain(note))") }
        Output.line("  exported \(manifest.exportedAt), signed by \(bundle.key.fingerprint)")
        if !isPinned {
            Output.line(
                "  \(Style.soft("Whose key that is this file cannot say: compare it with `millwright evidence key`, or give --key."))"
            )
        }
    }
}

/// A key as the command line names it.
enum KeyArgument {
    static func fingerprint(_ text: String, host: Host) throws -> String {
        if text.hasPrefix("sha256:") {
            guard text.utf8.count == 71 else { throw ValidationError("`\(text)` is no whole fingerprint.") }
            return text.lowercased()
        }
        guard let bytes = try? host.readFile(text, EvidenceLimits.smallFile),
            let key = PublicKey(pem: String(decoding: bytes, as: UTF8.self))
        else {
            throw ValidationError("`\(text)` is neither a fingerprint nor a file with an Ed25519 public key in PEM.")
        }
        return key.fingerprint
    }
}
