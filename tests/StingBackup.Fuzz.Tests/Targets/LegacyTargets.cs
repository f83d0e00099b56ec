using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Legacy;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Reserve;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>What comes from elsewhere as a file: STING's old archives, certificates that somebody shows, requests and approvals that somebody carries.</summary>
internal static class LegacyTargets
{
    private const string Name = "sting_backup_20251102_020000.tar.gz";

    public static IEnumerable<FuzzTarget> All =>
    [
        new("legacy-archive", () => [Gzip(Tar(TarEntryFormat.Gnu))], static input => ReadArchive(input, null)) { Floor = 2 << 20, PerByte = 20_000, Burst = 120 },   // what is packed can be a hundredfold
        new("legacy-tar", () => [Tar(TarEntryFormat.Gnu), Tar(TarEntryFormat.Pax)], static input => ReadArchive(Gzip(input), null)) { Floor = 2 << 20, PerByte = 400, MaxLength = 16 << 10, Burst = 120, Words = ["ustar", "././@LongLink", "path=", "17 path=a/b/c/d\n", "../", "GNU.sparse.name=", "mtime="] },
        new("legacy-encrypted", () => [Encrypted()], static input =>
        {
            using var passphrase = SecretBytes.CopyOf("old passphrase"u8);
            ReadArchive(input, passphrase);
        }) { Floor = 4 << 20, PerByte = 20_000, Burst = 6 },   // each asks for 100,000 rounds of PBKDF2
        new("certificate", () => Certificates(), static input => CertificateReader.Check("x.json", input, Fingerprint.Of(Fixed.Signer.PublicKey.Span))) { PerByte = 4000, Floor = 1 << 20, Words = ["\"certificate\":", "\"signature\":", "\"format\":", "\"key_role\":", "\"reserve_id\":"] },
        new("certificate-signed", () => Certificates().Select(Inner), ReadSigned) { PerByte = 4000, Floor = 1 << 20, Words = ["\"format\":", "\"certificate_id\":", "\"key_handovers\":", "\"deletion_timestamp\":", "1e400"] },
        new("approval-request", () => [Governance("909192939495969798999a9b9c9d9e9f.request")], static input => _ = ApprovalFolder.ReadRequest(Scratch.Write("approvals", "a.request", input)).Digest) { PerByte = 1000 },
        new("approval", () => [Governance("909192939495969798999a9b9c9d9e9f.approval")], static input => ApprovalFolder.ParseApproval(input).Approval.IsSignedBy(Fixed.Signer.PublicKey.Span, Fixed.Reserve, Fixed.Subject, default))
        { PerByte = 1000, Refuses = static e => e is FormatException },
    ];

    private static byte[] Enrolment => new WriterObject(Fixed.Reserve, 1, Fixed.Writers.Find(Fixed.Writer)!, 9).ToBytes(Fixed.Signer);

    private static void ReadArchive(byte[] input, SecretBytes? passphrase)
    {
        var path = Scratch.Write("legacy", Name + (passphrase is null ? "" : ".enc"), input);
        var (tree, _, _) = LegacyImportPlanner.Read(path, passphrase, null, null, default);
        LegacyContents.Of(path, tree, UsersMap.Empty, TimeZoneInfo.Utc);
    }

    private static byte[] Tar(TarEntryFormat format)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, format, leaveOpen: true))
        {
            Add(tar, format, TarEntryType.Directory, "./", null);
            Add(tar, format, TarEntryType.RegularFile, "./docker-compose.yml", "services: {}\n");
            Add(tar, format, TarEntryType.RegularFile, "./honey-reserve/7/letter.txt", "dear");
            Add(tar, format, TarEntryType.SymbolicLink, "./link", "docker-compose.yml");
            Add(tar, format, TarEntryType.HardLink, "./hard", "./docker-compose.yml");
            Add(tar, format, TarEntryType.RegularFile, "./" + new string('n', 120), "a long name");
            Add(tar, format, TarEntryType.RegularFile, "db_backup_20251102_020000.sql", "--\n-- PostgreSQL database dump\n--\n");
        }
        return bytes.ToArray();
    }

    private static void Add(TarWriter tar, TarEntryFormat format, TarEntryType type, string name, string? content)
    {
        TarEntry entry = format == TarEntryFormat.Pax ? new PaxTarEntry(type, name) : new GnuTarEntry(type, name);
        entry.ModificationTime = new DateTimeOffset(2025, 11, 2, 1, 59, 30, TimeSpan.Zero);
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = content!;
        }
        else if (content is not null)
        {
            entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        }
        tar.WriteEntry(entry);
    }

    private static byte[] Gzip(byte[] tar)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar);
        }
        return bytes.ToArray();
    }

    private static byte[] Encrypted()
    {
        byte[] salt = Fixed.Ascending(0, 8), derived = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2("old passphrase", salt, 100_000, System.Security.Cryptography.HashAlgorithmName.SHA256, 48);
        using var aes = System.Security.Cryptography.Aes.Create();
        aes.Key = derived[..32];
        return [.. "Salted__"u8, .. salt, .. aes.EncryptCbc(Gzip(Tar(TarEntryFormat.Gnu)), derived[32..])];
    }

    /// <summary>Of each sort that is known, with what it must say.</summary>
    private static IEnumerable<byte[]> Certificates()
    {
        foreach (var sort in (CertificateSort[])[DestructionCertificate.Sort, PurgeCertificate.Sort])
        {
            var certificate = new System.Text.Json.Nodes.JsonObject();
            foreach (var field in sort.Required)
            {
                certificate[field] = field switch { "format" => sort.Format, "reserve_id" => Fixed.Reserve.ToString(), "writer" => Fixed.Writer.ToString(), "deletion_timestamp" => "2026-01-02T03:04:05Z", _ => "x" };
            }
            certificate["format"] = sort.Format;
            yield return sort.Beside.Contains("enrolment") ? CertificateFile.Make(certificate, Fixed.Signer, ("key_role", Fixed.Signer.PublicKey), ("enrolment", Enrolment)) : CertificateFile.Make(certificate, Fixed.Signer, ("key_role", Fixed.Signer.PublicKey));
        }
    }

    private static byte[] Inner(byte[] document)
    {
        using var json = System.Text.Json.JsonDocument.Parse(document);
        return Encoding.UTF8.GetBytes(json.RootElement.GetProperty("certificate").GetRawText());
    }

    /// <summary>A certificate whose content is the input, signed as it is.</summary>
    private static void ReadSigned(byte[] input)
    {
        System.Text.Json.Nodes.JsonObject? certificate = null;
        byte[] document;
        try
        {
            certificate = System.Text.Json.Nodes.JsonNode.Parse(input) as System.Text.Json.Nodes.JsonObject;
            document = certificate is null ? input
                : certificate["format"]?.ToString() == PurgeCertificate.Sort.Format ? CertificateFile.Make(certificate, Fixed.Signer, ("key_role", Fixed.Signer.PublicKey), ("enrolment", Enrolment))
                : CertificateFile.Make(certificate, Fixed.Signer, ("key_role", Fixed.Signer.PublicKey));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or ArgumentException)
        {
            document = [.. "{\"certificate\":"u8, .. input, .. ",\"key_role\":\"\",\"signature\":\"\"}"u8];
        }
        CertificateReader.Check("x.json", document, Fingerprint.Of(Fixed.Signer.PublicKey.Span));
    }

    private static byte[] Governance(string name) => Fixed.Golden("governance", "approvals", name);
}
