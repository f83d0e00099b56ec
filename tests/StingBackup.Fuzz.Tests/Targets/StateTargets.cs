using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Jobs.Logging;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.People;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Tests;
using StingBackup.Engine.Tiering.Locks;
using StingBackup.Fuzz.Tests.Loop;
using StingBackup.Runbooks;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>What a host notes for itself, in state and cache folders: torn by a crash, bitten by a disk, or written by somebody who should not. What is encrypted is so again around the damage.</summary>
internal static class StateTargets
{
    private static readonly byte[] CacheKey = Fixed.Ascending(0x90, 32);
    private static readonly Lazy<Installation> Host = new(() => new TestInstallation().Installation);
    private static readonly string[] Json = ["null", "[null]", "[]", "{}", "\"Time\":", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z", "2147483647", "-1"];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("host-cache", () => [Cache()], static input => ReadCache(input)) { PerByte = 100, Floor = 1 << 20 },
        new("host-cache-block", () => [[1, .. HostCache.Encode(Items())], [0, .. HostCache.Encode(Items())]], static input => HostCache.Decode(input.AsSpan(Math.Min(1, input.Length)), input.Length > 0 && input[0] == 1)) { Refuses = IsDamage, PerByte = 100 },
        new("host-cache-leaf", () => [Leaf().ToBytes()], static input => _ = CachedLeaf.Read(input, [], static () => []).Child) { Refuses = IsDamage, PerByte = 100 },
        new("scan-mark", () => ["""{"generation":"g","position":7,"settings":"s","run":3,"items":4,"length":5,"full":6,"revisit":["YS9i"]}"""u8.ToArray()], static input =>
            ScanMark.TryRead(Scratch.Write("mark", "x.mark", Seal("STINGSM1"u8, "STINGSM1"u8, input)), CacheKey)) { Words = Json, PerByte = 400 },
        new("contributors", () => ["""{"time":5,"unknown":0,"documents":{"amFycy9hL2I=":"user:ada"}}"""u8.ToArray()], static input =>
            new ContributorMemory(Scratch.Write("contributors", "x", Seal("STINGJC1"u8, "STINGJC1"u8, input)), static () => CacheKey).Load(static _ => { })) { Words = Json, PerByte = 400 },
        new("guard-memory", () => [Habits()], static input => GuardMemory.Open(Scratch.Write("guardian", "x", Seal("STINGGM1"u8, [], input, "sting1 guardian")), CacheKey, static _ => { })) { PerByte = 400 },
        new("change-journal", () => [[.. "F\0\u0003\0a/bT\0\u0001\0cN\0\u0008\0"u8, .. new byte[8]]], static input =>
        {
            var state = Path.GetDirectoryName(Path.GetDirectoryName(Scratch.Write(Path.Combine("journal", "changes"), "g.log", input)))!;
            new ChangeJournal(state, [("/x", EntryPath.Root)]).Read(new JournalMoment("g", 0), new JournalMoment("g", input.Length));
        }) { PerByte = 200 },
        new("run-journal", () => [Utf8("meta/60/606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f\ndata/60/6061\n")], static input => RunJournal.Left(Path.GetDirectoryName(Scratch.Write("runs", "000000000001.packs", input))!)) { PerByte = 200 },
        new("signatures", () => [[.. "STINGSM1"u8, .. new byte[48]]], static input => SignatureMemory.Open(Path.GetDirectoryName(Scratch.Write("signatures", "signatures", input))!, CacheKey)) { PerByte = 200 },
        new("recall", () => [Recall()], static input => _ = new ObjectRecall(Path.GetDirectoryName(Scratch.Write("recall", "signed", input))!).Recalled) { PerByte = 200 },
        new("pack-checks", () => [Checks()], static input => CheckMemory.Load(Host.Value, At("checked", input)).Summary()) { PerByte = 200 },
        new("healed", () => [Utf8("2026-01-02T03:04:05.0000000Z\tRemote\treplaced\tmeta/60/x\n")], static input => HealJournal.Read(Host.Value, At("healed", input), default)) { PerByte = 400 },
        new("locks", () => [Utf8("meta/60/x 1768442400 20460\n")], static input => _ = LockMemory.Read(Host.Value, InMemory(".locks", input)).Ends.Count) { PerByte = 400 },
        new("confirmed", () => [Utf8("meta/60/x\ndata/61/y\n")], static input => Host.Value.MemoryOf(InMemory(".confirmed", input)).ReadConfirmed()) { PerByte = 400 },
        new("retrieval", () => [JsonSerializer.SerializeToUtf8Bytes(Thaw())], static input =>
        {
            var state = Scratch.Folder("thaw");
            Scratch.Write(Path.Combine("thaw", "tiers", "thaw"), "a.json", input);
            var book = new ThawBook(state, null);
            book.Covering(["data/60/x"], DateTimeOffset.UnixEpoch);
            book.Holds(DateTimeOffset.UnixEpoch)("backup_20260101_020304");
            book.CostOfDay("a", RetrievalSpeed.Standard, DateTimeOffset.UnixEpoch);
        }) { Words = [.. Json, "\"Packs\":", "\"BackupIds\":", "\"Due\":", "\"Days\":"], PerByte = 1000 },
        new("jobs", () => [[.. JsonSerializer.SerializeToUtf8Bytes(Job()), (byte)'\n']], static input =>
        {
            var place = new JobPlace(Path.GetDirectoryName(Scratch.Write("jobs", "history.jsonl", input))!, TimeProvider.System);
            JobReader.List(place, new JobQuery { Last = 10 }, TimeZoneInfo.Utc);
        }) { Words = [.. Json, "\"Id\":", "\"Started\":"], PerByte = 1000 },
        new("log", () => [Utf8("""{"time":"2026-01-02T03:04:05.678Z","level":"Warning","command":"x","backup_id":"b","category":"c","message":"m","properties":{"a":"b"},"error":{"id":"X"}}""" + "\n")], static input =>
            _ = LogReader.Read(Path.GetDirectoryName(Scratch.Write("logs", "backup_20260101_020304-20260101T020304Z-7.jsonl", input))!).Count()) { Words = [.. Json, "\"time\":", "\"error\":"], PerByte = 1000, Floor = 1 << 20 },
        new("state-notes", () => Notes(), ReadNote) { Words = [.. Json, "\"Alerts\":", "\"Queue\":", "\"Claims\":"], PerByte = 1000 },
        new("runbook-journal", () => [Utf8("""{"time":"2026-01-02T03:04:05.0000000Z","what":"begun","step":1,"detail":"x"}""" + "\n")], static input => RunbookJournal.Peek(Scratch.Write("runbook", "x", input))) { Words = Json, PerByte = 1000 },
        new("snapshot", () => [Utf8("""{"backup_id":"b","time":"2026-01-02T03:04:05Z","values":{"a":"b","c":null}}""")], static input =>
        {
            Scratch.Write("snapshot", ConfigurationSnapshot.FileName, input);
            ConfigurationSnapshot.TryLoad(Scratch.Folder("snapshot"))?.Find("a");
        }) { Words = Json, PerByte = 1000 },
        new("sign-in-link", () => [Utf8("""{"Kind":0,"Identity":"user:ada","Subject":"user:ada","Name":"Ada","Until":"9999-01-02T03:04:05Z"}""")], static input =>
        {
            var code = new string('a', 43);
            Scratch.Write(Path.Combine("links", "portal", "links"), LinkName(code), input);
            SignInLinks.Look(Scratch.Folder("links"), code, DateTimeOffset.UnixEpoch);
        }) { Words = Json, PerByte = 1000 },
    ];

    private static bool IsDamage(Exception e) =>
        e is IOException or InvalidDataException or CryptographicException or ArgumentOutOfRangeException or IndexOutOfRangeException or FormatException or StingException { ErrorId: "NameNotAllowed" or "AttributeUnknown" };

    private static Tier At(string name, byte[] bytes)
    {
        var folder = Host.Value.TierFolder(Tier.Local);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
        return Tier.Local;
    }

    private static Tier InMemory(string extension, byte[] bytes)
    {
        var folder = Host.Value.MemoryOf(Tier.Remote).Folder;
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "remote" + extension), bytes);
        return Tier.Remote;
    }

    private static void ReadCache(byte[] input)
    {
        using var reader = new HostCacheReader(Scratch.Write("cache", "x", input), CacheKey, static _ => { });
        while (reader.Next() is not null)
        {
        }
    }

    /// <summary>A file that a reader opens, with what the input is in it.</summary>
    private static byte[] Seal(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> associated, byte[] plain, string label = "sting1 cache")
    {
        var salt = Fixed.Ascending(0xa0, 32);
        using var cipher = new AesGcm(HKDF.DeriveKey(HashAlgorithmName.SHA256, CacheKey, 32, salt, Encoding.ASCII.GetBytes(label)), 16);
        byte[] text = new byte[plain.Length], tag = new byte[16];
        cipher.Encrypt(new byte[12], plain, text, tag, associated);
        return [.. magic, .. salt, .. text, .. tag];
    }

    private static List<CachedItem> Items() =>
    [
        new(new FileStamp(40, 1, 2, 3, 4, 1), DataClass.UserFiles, "user:ada", new TreeEntry { Path = EntryPath.Parse("users/ada"), Kind = ItemKind.Directory, Metadata = new ItemMetadata { ModifiedNs = 5 } }),
        new(new FileStamp(40, 1, 2, 3, 4, 1), DataClass.UserFiles, "user:ada", new TreeEntry { Path = EntryPath.Parse("users/ada/a"), Kind = ItemKind.File, Metadata = new ItemMetadata { ModifiedNs = 5 }, Length = 40, Extents = [new Extent(new Id32(Fixed.Secret), 0, 40)] }),
    ];

    private static CachedLeaf Leaf() => CachedLeaf.TryOf(Items(), new TreeChild(new Id32(Fixed.Secret), EntryPath.Parse("users/ada"), 2, 40))!;

    private static byte[] Cache()
    {
        var path = Path.Combine(Scratch.Folder("cache-seed"), "x");
        using var writer = new HostCacheWriter(path, CacheKey);
        foreach (var item in Items())
        {
            writer.Add(item);
        }
        writer.Close();
        return File.ReadAllBytes(path);
    }

    private static byte[] Habits()
    {
        var path = Path.Combine(Scratch.Folder("guardian-seed"), "x");
        File.Delete(path);
        var memory = GuardMemory.Open(path, CacheKey, null);
        var subject = memory.Of(Fixed.Writer, Fixed.Subject);
        subject.Trace(5, 1.5);
        subject.Remember(new RememberedRun(5, 3, new SubjectActivity(), 10, (AnomalyReasons)9));
        memory.Save();
        var file = File.ReadAllBytes(path);
        using var cipher = new AesGcm(HKDF.DeriveKey(HashAlgorithmName.SHA256, CacheKey, 32, file[8..40], "sting1 guardian"u8.ToArray()), 16);
        var plain = new byte[file.Length - 56];
        cipher.Decrypt(new byte[12], file.AsSpan(40, plain.Length), file.AsSpan(file.Length - 16), plain);
        return plain;
    }

    private static byte[] Recall()
    {
        byte[] name = "points/x"u8.ToArray(), content = Fixed.Ascending(0, 20), record = new byte[14 + name.Length + content.Length];
        BitConverter.GetBytes((ushort)name.Length).CopyTo(record, 0);
        BitConverter.GetBytes(content.Length).CopyTo(record, 2);
        name.CopyTo(record, 14);
        content.CopyTo(record, 14 + name.Length);
        BitConverter.GetBytes(System.IO.Hashing.XxHash3.HashToUInt64(record.AsSpan(14))).CopyTo(record, 6);
        return record;
    }

    private static byte[] Checks()
    {
        byte[] rows = [.. "STCHECK1"u8, .. Host.Value.Reserve.ToArray(), 1, 0, 0, 0, 0, 0, 0, 0, .. Fixed.Secret, .. new byte[16]];
        return [.. rows, .. BitConverter.GetBytes(System.IO.Hashing.XxHash64.HashToUInt64(rows))];
    }

    private static ThawRecord Thaw() => new()
    {
        Id = "a", Reserve = "r", Tier = Tier.Archive, Scope = "s", Speed = RetrievalSpeed.Standard, Days = 3, Created = DateTimeOffset.UnixEpoch, Due = DateTimeOffset.UnixEpoch.AddDays(1), Cost = 1.5m, Currency = "EUR",
        BackupIds = ["backup_20260101_020304"], Packs = [new ThawPack("data/60/x", 400)],
    };

    private static JobNote Job() => new() { Id = "j", Kind = "Backup", Process = 1, User = "root", Started = DateTimeOffset.UnixEpoch, Updated = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch };

    private static readonly Type[] NoteTypes = [typeof(TierNote), typeof(AlertBook), typeof(FaultNote), typeof(JobNote), typeof(WatcherStatus), typeof(JournalAnswer), typeof(JournalDistrust)];

    private static IEnumerable<byte[]> Notes()
    {
        yield return [0, .. JsonSerializer.SerializeToUtf8Bytes(new TierNote { Claims = new Dictionary<string, string> { ["a"] = "b" } })];
        yield return [1, .. JsonSerializer.SerializeToUtf8Bytes(new AlertBook())];
        yield return [2, .. JsonSerializer.SerializeToUtf8Bytes(new FaultNote(DateTimeOffset.UnixEpoch, IntegrityLevel.Packs, 3, "meta/60/x"))];
        yield return [5, .. JsonSerializer.SerializeToUtf8Bytes(new JournalAnswer("g", 5, "", [new WatchedRoot("/x", 1, 2)]))];
    }

    private static void ReadNote(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }
        var path = Scratch.Write("notes", "x.json", input[1..]);
        switch (input[0] % NoteTypes.Length)
        {
            case 0: _ = StateFile.Read<TierNote>(path)?.Claims.Count; break;
            case 1: StateFile.Read<AlertBook>(path)?.Update([], new AlertCircumstances(DateTimeOffset.UnixEpoch, "h", ["c"], TimeSpan.FromHours(1), static () => "i")); break;
            case 2: StateFile.Read<FaultNote>(path); break;
            case 3: StateFile.Read<JobNote>(path)?.ToJob(TimeZoneInfo.Utc); break;
            case 4: StateFile.Read<WatcherStatus>(path); break;
            case 5: _ = StateFile.Read<JournalAnswer>(path)?.Roots.Any(r => r.IsStill("/x")); break;
            default: StateFile.Read<JournalDistrust>(path); break;
        }
    }

    private static string LinkName(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(code))) + ".json";

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
