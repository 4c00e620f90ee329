public import Host
public import Maintenance

/// Puts in the place of `${env:…}` and `${file:…}` what they refer to, at the last moment: only then are there secrets.
public enum References {
    /// The value without references, and the secrets in it for the masker. Where a reference stands inside the user
    /// information or a query of a URL, what it stands for is percent-encoded there; elsewhere it is put in as it is.
    /// The error names the variable or the file, never its content.
    public static func resolve(
        _ value: PlanValue, host: Host
    ) throws(CouldNotLook) -> (value: PlanValue, secrets: [Secret]) {
        var secrets: [Secret] = []
        let resolved = try value.mapText { text throws(CouldNotLook) in
            .text(try resolve(text, host: host, &secrets))
        }
        return (resolved, secrets)
    }

    /// A target's settings without references. An address without a password, and a path, are no secrets here: they say
    /// where the target is, which may be told; a kind lists by itself what else it keeps secret.
    public static func resolve(
        settings: PlanValue, host: Host
    ) throws(CouldNotLook) -> (value: PlanValue, secrets: [Secret]) {
        var secrets: [Secret] = []
        let resolved = try settings.mapText { text throws(CouldNotLook) in
            var found: [Secret] = []
            let resolved = try resolve(text, host: host, &found)
            if !ClearSecrets.tellsOnlyAPlace(resolved) { secrets += found }
            return .text(resolved)
        }
        return (resolved, secrets)
    }

    private static func resolve(
        _ text: String, host: Host, _ secrets: inout [Secret]
    ) throws(CouldNotLook) -> String {
        guard text.contains("${") else { return text }
        let parsed: ReferenceText
        do { parsed = try ReferenceText(text) } catch { throw CouldNotLook(.malformed, error.message) }
        var result = ""
        for (index, piece) in parsed.pieces.enumerated() {
            switch piece {
            case .literal(let literal): result += literal
            case .reference(let reference):
                let content = try content(of: reference, host: host)
                secrets.append(Secret(content))
                let encodes = URLPlace.needsEncoding(before: result, after: parsed.pieces[(index + 1)...])
                if encodes { secrets.append(Secret(URLPlace.encoded(content))) }
                result += encodes ? URLPlace.encoded(content) : content
            }
        }
        return result
    }

    private static func content(of reference: Reference, host: Host) throws(CouldNotLook) -> String {
        switch reference {
        case .environment(let name):
            guard let content = host.environment(name), !content.isEmpty else {
                throw CouldNotLook(
                    .notFound,
                    "The environment variable \(name), which the plan refers to, is not set; set it where Millwright runs."
                )
            }
            return content
        case .file(let path): return try content(ofFile: path, host: host)
        case .input, .step, .each:
            throw CouldNotLook(.malformed, "\(reference.written) has no value yet; it cannot be used here.")
        }
    }

    private static func content(ofFile path: String, host: Host) throws(CouldNotLook) -> String {
        let bytes: [UInt8]
        do {
            bytes = try host.readFile(path, PlanLimits.referencedFile)
        } catch let error as FileError {
            throw CouldNotLook(
                .notFound, "The file \(path), which the plan refers to, could not be read: \(error.reason).")
        } catch {
            throw CouldNotLook(.notFound, "The file \(path), which the plan refers to, could not be read.")
        }
        guard var content = String(validating: bytes, as: UTF8.self) else {
            throw CouldNotLook(.malformed, "The file \(path), which the plan refers to, is not UTF-8 text.")
        }
        // Editors and secret stores end a file with a line break that is no part of the secret.
        if content.last?.isNewline == true { content.removeLast() }
        guard !content.isEmpty else {
            throw CouldNotLook(.noData, "The file \(path), which the plan refers to, is empty.")
        }
        return content
    }
}

/// Where in a URL a reference stands.
enum URLPlace {
    /// True inside the user information (`scheme://HERE@host`) and a query (`?name=HERE`), where a sign of the content
    /// could otherwise end it.
    static func needsEncoding(before: String, after: ArraySlice<ReferenceText.Piece>) -> Bool {
        guard let scheme = before.firstRange(of: "://") else { return false }
        let start = before[scheme.upperBound...]
        if start.contains("?") { return true }
        guard !start.contains("/"), !start.contains("@") else { return false }
        for case .literal(let text) in after {
            if let end = text.first(where: { "@/?#".contains($0) }) { return end == "@" }
        }
        return false
    }

    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            {
                result.unicodeScalars.append(scalar)
            } else {
                result += "%" + hex([byte]).uppercased()
            }
        }
        return result
    }
}
