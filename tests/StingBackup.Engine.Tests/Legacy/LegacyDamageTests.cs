using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Legacy;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Legacy;

/// <summary>What is no archive, is damaged, or means harm is refused by name before anything is written; the others go on.</summary>
public sealed class LegacyDamageTests : IAsyncDisposable
{
    private readonly TestInstallation _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    private string Save(byte[] bytes, string name = "sting_backup_20251102_020000.tar.gz") => OldArchive.Save(_test.Archives(), name, bytes);

    private static byte[] Sample(Action<OldArchive>? more = null, TarEntryFormat format = TarEntryFormat.Gnu)
    {
        using var old = OldArchive.Sample(format: format);
        more?.Invoke(old);
        return old.ToBytes();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(content);
        }
        return bytes.ToArray();
    }

    [Fact]
    public async Task What_is_no_archive_is_refused()
    {
        await _test.RefusedAsync(Path.Combine(_test.Archives(), "none.tar.gz"), "LegacyArchiveNotFound");
        await _test.RefusedAsync(Save("PK"u8.ToArray(), "a.zip"), "LegacyNotAnArchive");
        await _test.RefusedAsync(Save([], "empty.tar.gz"), "LegacyNotAnArchive");
        await _test.RefusedAsync(Save(Gzip(Encoding.ASCII.GetBytes(new string('x', 5_000))), "text.gz"), "LegacyArchiveDamaged");
        using var other = OldArchive.Empty().File("./readme.md", "a tar");
        Assert.Contains("db_backup", (await _test.RefusedAsync(Save(other.ToBytes(), "other.tar.gz"), "LegacyLayoutUnknown")).Message, StringComparison.Ordinal);
        using var dump = OldArchive.Empty().Dump("20251102_020000", "-- PostgreSQL database dump\n");
        await _test.RefusedAsync(Save(dump.ToBytes(), "dump.tar.gz"), "LegacyLayoutUnknown");
    }

    [Fact]
    public async Task An_archive_cut_off_anywhere_is_refused_and_leaves_nothing()
    {
        var whole = Sample(o => o.File("./random.bin", RandomNumberGenerator.GetBytes(30_000)));
        foreach (var length in Enumerable.Range(0, 60).Select(i => 3 + i * (whole.Length - 4) / 60).Concat([whole.Length - 1, whole.Length - 8, whole.Length - 9]))
        {
            var error = await _test.RefusedAsync(Save(whole[..length]), "LegacyArchiveDamaged");
            Assert.Equal(FailureKind.Integrity, error.Kind);
        }
        Assert.Empty(Directory.EnumerateFiles(_test.RepositoryRoot, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_is_found()
    {
        var whole = Sample(o => o.File("./random.bin", RandomNumberGenerator.GetBytes(30_000)));
        // The header's time, flags that nobody reads and the name of the system it was made on do not count.
        for (var at = 10; at < whole.Length; at += 397)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x10;
            await _test.RefusedAsync(Save(damaged), "LegacyArchiveDamaged");
        }
    }

    [Theory]
    [InlineData("../outside", "..")]
    [InlineData("./a/../../outside", "..")]
    [InlineData("/etc/passwd", "root")]
    public async Task A_path_that_leaves_the_archive_is_refused_by_name(string name, string why)
    {
        foreach (var format in (TarEntryFormat[])[TarEntryFormat.Gnu, TarEntryFormat.Pax])
        {
            var error = await _test.RefusedAsync(Save(Sample(o => o.File(name, "x"), format)), "LegacyEntryUnsafe");
            Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
            Assert.Contains(why, error.Message, StringComparison.Ordinal);
        }
        // In a volume's archive too, which is named with it.
        var within = await _test.RefusedAsync(Save(Sample(o => o.File("docker_volumes/config_data.tar.gz", OldArchive.Volume(v => v.File(name, "x"))))), "LegacyEntryUnsafe");
        Assert.Contains("config_data.tar.gz", within.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_reached_through_a_link()
    {
        var error = await _test.RefusedAsync(Save(Sample(o => o.Link("./way", "/etc").File("./way/passwd", "x"))), "LegacyEntryUnsafe");
        Assert.Contains("'way/passwd'", error.Message, StringComparison.Ordinal);
        await _test.RefusedAsync(Save(Sample(o => o.Link("./twin", "/etc/shadow", hard: true))), "LegacyEntryUnsafe");
        await _test.RefusedAsync(Save(Sample(o => o.Link("./twin", "../shadow", hard: true))), "LegacyEntryUnsafe");
        await _test.RefusedAsync(Save(Sample(o => o.Link("./twin", "./nothing", hard: true))), "LegacyEntryUnsafe");
        await _test.RefusedAsync(Save(Sample(o => o.Link("./way", "conf").Link("./twin", "./way", hard: true))), "LegacyEntryUnsafe");
        await _test.RefusedAsync(Save(Sample(o => o.Link("./conf", "/etc"))), "LegacyEntryUnsafe");
    }

    [Fact]
    public async Task A_bomb_is_stopped()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Gnu, leaveOpen: true))
        {
            tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "./zeros") { DataStream = new Repeating(1200L << 20) });
        }
        Assert.True(bytes.Length < 12 << 20);
        await _test.RefusedAsync(Save(bytes.ToArray()), "LegacyArchiveTooLarge");

        // A header that alone is to have megabytes.
        var header = Sample(o => o.Add(TarEntryType.RegularFile, "./" + new string('n', 6 << 20), static _ => { }));
        await _test.RefusedAsync(Save(header), "LegacyArchiveTooLarge");
    }

    [Fact]
    public async Task Sparse_entries_are_named_as_what_cannot_be_read()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "./GNUSparseFile.0/disk", new Dictionary<string, string> { ["GNU.sparse.major"] = "1", ["GNU.sparse.minor"] = "0" }));
        }
        await _test.RefusedAsync(Save(bytes.ToArray()), "LegacyEntryUnsupported");
    }

    [Fact]
    public async Task A_volume_that_is_damaged_in_a_whole_archive_is_kept_as_it_is()
    {
        var volume = OldArchive.Volume(v => v.File("./a", RandomNumberGenerator.GetBytes(50_000)));
        var half = volume[..(volume.Length / 2)];
        var path = Save(Sample(o => o.File("docker_volumes/vault_data.tar.gz", half)));
        var archive = Assert.Single((await _test.PlanImportAsync(null, path)).Archives);
        Assert.Contains(archive.Lacks, l => l.StartsWith("volume vault_data is damaged", StringComparison.Ordinal));
        await _test.ImportAsync(path);
        var to = _test.Folder("out");
        await _test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to });
        Assert.Equal(half, await File.ReadAllBytesAsync(Path.Combine(to, "legacy/sting_backup_20251102_020000/docker_volumes/vault_data.tar.gz")));
        Assert.True(File.Exists(Path.Combine(to, "legacy/sting_backup_20251102_020000/docker_volumes/vault_file/sys/_token")));
    }

    [Fact]
    public async Task Encryption_is_recognised_and_a_wrong_key_is_told()
    {
        var encrypted = OldArchive.Encrypt(Sample(), "the right one");
        var path = Save(encrypted, "sting_backup_20251102_020000.tar.gz.enc");
        Assert.Equal(FailureKind.Authentication, (await _test.RefusedAsync(path, "LegacyArchiveEncrypted")).Kind);
        Assert.Contains("--archive-passphrase-file", (await _test.RefusedAsync(path, "LegacyArchiveEncrypted")).Remedy, StringComparison.Ordinal);
        var wrong = await _test.RefusedAsync(path, "LegacyPassphraseWrong", "secret-but-wrong");
        Assert.DoesNotContain("secret-but-wrong", wrong.ToString(), StringComparison.Ordinal);
        Save(encrypted[..^16], "sting_backup_20251102_020000.tar.gz.enc");
        await _test.RefusedAsync(path, "LegacyArchiveDamaged", "the right one");
        Save(encrypted[..^5], "sting_backup_20251102_020000.tar.gz.enc");
        await _test.RefusedAsync(path, "LegacyArchiveDamaged", "the right one");
        Save(encrypted[..20], "sting_backup_20251102_020000.tar.gz.enc");
        await _test.RefusedAsync(path, "LegacyArchiveDamaged", "the right one");
    }

    [Fact]
    public async Task A_checksum_beside_an_archive_is_compared()
    {
        var encrypted = OldArchive.Encrypt(Sample(), "key");
        var path = Save(encrypted, "sting_backup_20251102_020000.tar.gz.enc");
        await File.WriteAllTextAsync(path + ".checksum", $"{Convert.ToHexStringLower(SHA256.HashData(encrypted))}  /opt/sting-ce/backups/sting_backup_20251102_020000.tar.gz.enc\n");
        Assert.Equal(1, (await _test.PlanImportAsync("key", path)).Importable);
        await File.WriteAllTextAsync(path + ".checksum", $"{new string('0', 64)}  x\n");
        Assert.Contains(".checksum", (await _test.RefusedAsync(path, "LegacyArchiveDamaged", "key")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_bad_archive_does_not_keep_the_others()
    {
        var bad = Save(Sample()[..^1000], "sting_backup_20251101_020000.tar.gz");
        using var good = OldArchive.Sample("20251109_020000");
        var plan = await _test.PlanImportAsync(null, bad, good.Save(_test.Archives(), "sting_backup_20251109_020000.tar.gz"));
        Assert.Equal([LegacyArchiveState.Importable, LegacyArchiveState.Refused], plan.Archives.Select(a => a.State));
        var result = await _test.ImportAsync(plan);
        Assert.Equal((JobState.CompletedWithErrors, 1, 1L), (result.State, result.Imported, result.Errors));
    }

    [Fact]
    public async Task An_archive_that_changed_since_it_was_looked_at_is_left_and_the_next_is_taken()
    {
        var path = Save(Sample());
        using var good = OldArchive.Sample("20251109_020000");
        var plan = await _test.PlanImportAsync(null, path, good.Save(_test.Archives(), "sting_backup_20251109_020000.tar.gz"));
        Save(Sample(o => o.File("./new", "x")));
        var errors = new List<StingException>();
        var result = await _test.ImportAsync(plan, errors: errors);
        Assert.Equal("LegacyArchiveChanged", Assert.Single(errors).ErrorId);
        Assert.Equal([(LegacyArchiveState.Refused, (string?)null), (LegacyArchiveState.Imported, "backup_20251109_020000")], result.Archives.Select(a => (a.State, a.BackupId)));
        Assert.Equal(JobState.CompletedWithErrors, result.State);
        // It left no run behind that did not finish.
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_test.RepositoryRoot, "sessions"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_spool_without_room_is_told_before_it_is_full()
    {
        await using var test = new TestInstallation { HostView = new Reserve.FakeHost { Room = (100, 1 << 30) } };
        using var old = OldArchive.Sample();
        var errors = new List<StingException>();
        var result = await test.ImportAsync(old.Save(test.Archives()), errors: errors);
        Assert.Equal(("LegacySpoolFull", JobState.Failed), (Assert.Single(errors).ErrorId, result.State));
        Assert.False(Directory.Exists(Path.Combine(test.RepositoryRoot, "points")));
    }

    private sealed class Repeating(long length) : Stream
    {
        private long _at;
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get => _at; set => _at = value; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = (int)Math.Min(buffer.Length, length - _at);
            buffer[..read].Clear();
            _at += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
