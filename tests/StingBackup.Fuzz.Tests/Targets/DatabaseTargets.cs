using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.Chroma;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Sources.Sqlite;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets.Chroma;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>What captures of databases and secrets hold when a restore reads them again; the write-ahead log of a server; files of SQLite; and the bytes of people's files that the guardian looks at.</summary>
internal static class DatabaseTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("rows", () => [Utf8("id\tname\tdata\n1\tAda\t\\N\n2\tBob\\n\\\\\t\\t\n")], static input => RowFile.Open(new OneCapture(input), "sting/rows/user/7/public.users.copy").DisposeAsync().AsTask().Wait()) { Floor = 1 << 20 },
        new("file-references", () => [.. new[] { "0file_id\tstorage_path\tdeleted_at\tstorage_backend\nf\tfiles/a\t\\N\tvault\n", "1id\tfile_path\n1\t/uploads/jar/a.pdf\n", "2id\tresult_file_id\n1\tf\n" }.Select(Utf8)], ReadReferences) { Floor = 1 << 20, PerByte = 400 },
        new("capture-path", () => [Utf8("sting/rows/user/7/public.users%2E.copy")], static input => CapturePath.ClassOf(Text(input))),
        new("base-backup", () => [new BaseBackupFacts(7, 1, new Lsn(1 << 24), new Lsn(1 << 25), 16 << 20, "17.2", DateTimeOffset.UnixEpoch).ToBytes()], static input => _ = BaseBackupFacts.Parse(input, "x").LogStart) { PerByte = 1000 },
        new("manifest", () => [Utf8("""{"PostgreSQL-Backup-Manifest-Version":1,"Files":[{"Path":"PG_VERSION","Size":3,"Checksum":"aa"},{"Encoded-Path":"ff00","Size":1}],"WAL-Ranges":[{"Timeline":1,"Start-LSN":"0/2000028","End-LSN":"0/2000100"}]}""")],
            static input => BackupManifest.Parse(input, "x")) { PerByte = 1000 },
        new("wal-record", () => [[.. WalFormat.Header(new WalIdentity(7, 1, 16 << 20), new Lsn(1 << 24), 9), .. Record()]], static input =>
        {
            WalFormat.ParseHeader(input);
            WalFormat.TryReadRecord(input.AsSpan(Math.Min(input.Length, WalFormat.HeaderSize)), new Lsn(1 << 24), out _, out _);
        }),
        new("wal-transactions", () => [WalPage()], static input => _ = new WalTransactions().Read([new WalStretch(new Lsn(1 << 24), 0, input)]).Count()) { MaxLength = 20 << 10, PerByte = 200 },
        new("pass-file", () => [Utf8("# c\nlocalhost:5432:*:sting:pa\\:ss\n")], static input => PassFile.Find(Scratch.Write("pass", "pgpass", input), new PostgresSettings { Host = "localhost", Port = 5432, User = "sting" }, "sting")) { PerByte = 400 },
        new("collection-file", () => [Collection()], static input =>
        {
            using var reader = new CollectionFileReader(Scratch.Write("collection", "c", input), "c");
            _ = reader.Records().Take(64).Count();
        }) { Floor = 1 << 20, PerByte = 1000 },
        new("sqlite", () => [Database()], static input => ChromaDatabase.ReadSegments(Path.GetDirectoryName(Scratch.Write("sqlite", "chroma.sqlite3", input))!)) { MaxLength = 24 << 10, Burst = 20, Floor = 1 << 20, PerByte = 400 },
        new("secret-content", Secrets, static input => SecretContent.Decode(input, "files/a")) { PerByte = 2000, Floor = 512 << 10, Words = ["\"parts\":", "\"pieces\":", "[\"raw\",1]", "\"at\":", "\"sealed\":", "STINGKV2"] },
        new("secret-description", () => [Utf8("""{"data":{"a":null,"b":[1,null]},"parts":[{"at":["a"],"encoding":"base64","pieces":[["raw",4]]},{"at":["b","1"],"encoding":"text","pieces":[["raw",2],["base64",3]]}]}""")], static input =>
            SecretContent.Decode((byte[])[.. "123456789"u8, .. input, .. BitConverter.GetBytes(input.Length), .. "STINGKV1"u8], "files/a")) { PerByte = 2000, Floor = 512 << 10, Words = ["\"parts\":", "[\"raw\",1]", "\"sealed\":{", "\"scheme\":"] },
        new("secret-value", () => [Utf8($$"""{"data":"{{Convert.ToBase64String(Fixed.Ascending(0, 240))}}","n":1.50e3,"t":"a\u00e9\ud83d\ude00"}""")], ReadValue) { PerByte = 2000, Floor = 512 << 10, Words = ["\\u00e9", "1e400", "-0", "0.10"] },
        new("own-upload", () => [Utf8("""{"data":{"data":null,"metadata":{"filename":"a.pdf"}},"parts":[{"at":["data"],"encoding":"base64","pieces":[["raw",4]]}]}""")], static input => OwnUpload.Of(input, 1000)) { PerByte = 1000, Words = ["\"data\":", "\"parts\":", "[\"raw\",1]"] },
        new("permissions", () => [Utf8("""{"allowed_users":["ada@example.com"],"edit_users":[]}""")], static input => StingPermissions.Names(Text(input), "allowed_users", "ada@example.com")) { PerByte = 400, Words = ["\"allowed_users\":", "\\ud800"] },
        new("sealed-upload", () => [Utf8("""{"encrypted_data":"AAAA","encrypted_file_key":"AAAA","encryption_metadata":"{\"user_id\":\"7\"}"}""")], static input => SealedUpload.TryOpen(input, Masters, "7", out _, out _)) { PerByte = 1000, Words = ["\"encrypted_file_key\":", "\"encryption_metadata\":", Convert.ToBase64String(new byte[MasterKeys.WrappedLength])] },
        new("master-keys", () => [Utf8($"HONEY_RESERVE_MASTER_KEY=\"{Convert.ToBase64String(Fixed.Secret)}\"\n"), Utf8(Convert.ToBase64String(Fixed.Secret))], static input =>
        {
            foreach (var key in MasterKeyFile.Read(Scratch.Write("master", "app.env", input)))
            {
                key.Dispose();
            }
        }) { PerByte = 200 },
        new("content-look", ContentSeeds, static input =>
        {
            ContentLook.OfWhole(input);
            ContentLook.KindOf(input.AsSpan(0, input.Length / 2), input.AsSpan(input.Length / 2), input.Length);
            foreach (var kind in Enum.GetValues<ContentKind>())
            {
                FormatEnds.IsThere(kind, input, input, input.Length);
                FormatEnds.IsSealed(kind, input, input, input.Length);
            }
        }) { Words = ["PK\u0003\u0004", "%PDF-", "%%EOF", "startxref", "ftyp", "RIFF", "WEBP", "IEND", "/Encrypt"] },
    ];

    private static readonly MasterKeys Masters = MasterKeys.Load([Scratch.Write("master", "key", Utf8(Convert.ToBase64String(Fixed.Secret)))], null)!;

    private static void ReadReferences(byte[] input)
    {
        if (input.Length > 0)
        {
            string[] tables = ["file_assets", "documents", "reports"];
            using var stream = new MemoryStream(input, 1, input.Length - 1);
            _ = FileReferences.Read(new CapturedRows("x", "sting", "user/7", "public", tables[input[0] % 3]), stream, static _ => { }).Count();
        }
    }

    /// <summary>What a value of Vault becomes in a backup gives the same value again, but for the form of it.</summary>
    private static void ReadValue(byte[] input)
    {
        JsonDocument json;
        ReadOnlyMemory<byte> content;
        try
        {
            json = JsonDocument.Parse(input);
            content = SecretContent.Encode(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return;   // VaultKv and SecretContent.EncodeValueOf refuse these
        }
        using (json)
        {
            var again = SecretContent.Decode(content, "files/a");
            if (!again.Span.SequenceEqual(CanonicalJson.ToBytes(json.RootElement)))
            {
                throw new MisreadException("a secret's value came back as another");
            }
        }
    }

    private static IEnumerable<byte[]> Secrets()
    {
        using var json = JsonDocument.Parse($$"""{"data":"{{Convert.ToBase64String(Fixed.Ascending(0, 240))}}","hash":"aa","n":[1,null]}""");
        yield return SecretContent.Encode(json.RootElement).ToArray();
    }

    private static IEnumerable<byte[]> ContentSeeds()
    {
        yield return Utf8("%PDF-1.7\n1 0 obj\n<< /Encrypt 2 0 R >>\nendobj\nstartxref\n9\n%%EOF\n");
        yield return [.. "PK\u0003\u0004"u8, .. new byte[40], .. "PK\u0005\u0006"u8, .. new byte[18]];
        yield return [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, .. "IHDR"u8, .. new byte[17], 0, 0, 0, 0, .. "IEND"u8, 0xae, 0x42, 0x60, 0x82];
        yield return [0xff, 0xd8, 0xff, 0xe0, .. new byte[60], 0xff, 0xd9];
        yield return [0x1f, 0x8b, 8, .. new byte[60]];
    }

    private static byte[] Record()
    {
        var record = new byte[WalFormat.RecordHeaderSize + 40];
        WalFormat.WriteRecord(record, new Lsn(1 << 24), 9, Fixed.Ascending(0, 40));
        return record;
    }

    /// <summary>A page of the log with one commit in it.</summary>
    private static byte[] WalPage()
    {
        var page = new byte[8192];
        page[2] = 2;
        BitConverter.GetBytes(1UL << 24).CopyTo(page, 8);
        BitConverter.GetBytes(8192).CopyTo(page, 36);
        BitConverter.GetBytes(24 + 2 + 8).CopyTo(page, 40);
        page[40 + 17] = 1;
        (page[64], page[65]) = (255, 8);
        BitConverter.GetBytes(1_000_000L).CopyTo(page, 66);
        return page;
    }

    private static byte[] Collection()
    {
        var header = new CollectionHeader(new ChromaCollection("75c469b7-18dc-4c38-b360-b5541639905b", "jar", 2, null, null), 2).ToBytes();
        return [.. header, .. Utf8("{\"id\":\"a\",\"document\":\"text\",\"metadata\":{\"n\":1}}\n{\"id\":\"b\",\"uri\":\"u\"}\n"), .. new byte[16]];
    }

    private static byte[] Database()
    {
        var path = Path.Combine(Scratch.Folder("sqlite-seed"), "chroma.sqlite3");
        File.Delete(path);
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA page_size=1024; CREATE TABLE max_seq_id (segment_id TEXT PRIMARY KEY, seq_id BLOB); CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT, scope TEXT, collection TEXT); INSERT INTO segments VALUES ('75c469b7-18dc-4c38-b360-b5541639905b','urn:chroma:segment/vector/hnsw-local-persisted','VECTOR','9543643b-7e04-400c-9eb0-7551d52c1cfa');";
            command.ExecuteNonQuery();
        }
        return File.ReadAllBytes(path);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] input) => Encoding.UTF8.GetString(input);

    private sealed class OneCapture(byte[] bytes) : ICaptureFiles
    {
        public IReadOnlyList<string> Paths => ["x"];

        public Stream Open(string path) => new MemoryStream(bytes);
    }
}
