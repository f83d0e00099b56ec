using System.Formats.Tar;
using System.Text;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Legacy;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Legacy;

/// <summary>What an old archive holds comes back, below its own folder, under the right classes and subjects; and nothing is done twice.</summary>
public sealed class LegacyImportTests
{
    private const string Folder = "legacy/sting_backup_20251102_020000";

    private static string Text(string root, string path) => File.ReadAllText(Path.Combine(root, Folder, path));

    private static bool Holds(string path, byte[] content) => File.ReadAllBytes(path).AsSpan().SequenceEqual(content);

    [Theory]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    public async Task An_archive_becomes_one_run_with_its_own_date(TarEntryFormat format)
    {
        await using var test = new TestInstallation();
        using var old = OldArchive.Sample(format: format);
        var result = await test.ImportAsync(old.Save(test.Archives()));
        var archive = Assert.Single(result.Archives);
        Assert.Equal((JobState.Completed, LegacyArchiveState.Imported, "backup_20251102_020000"), (result.State, archive.State, archive.BackupId));
        using var catalog = new Catalog(test.Installation);
        var points = await catalog.PointsAsync(new PointQuery(), default).ToListAsync();
        Assert.Equal([DataClass.UserFiles, DataClass.Metadata, DataClass.AuditLogs, DataClass.Settings, DataClass.Secrets], points.Select(p => p.DataClass));
        Assert.All(points, p => Assert.Equal(
            (new DateTimeOffset(2025, 11, 2, 2, 0, 0, TimeSpan.Zero), BackupType.Full, "sting_backup_20251102_020000.tar.gz", 0L), (p.Time, p.Type, p.ImportedFrom, p.Errors)));
        Assert.All(points, p => Assert.True(p.CompletedTime >= test.Clock.GetUtcNow().AddMinutes(-1)));

        var to = test.Folder("out");
        await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to, BackupId = "backup_20251102_020000" });
        Assert.Equal("version: 1\n", Text(to, "conf/config.yml"));
        Assert.Equal("dear", Text(to, "honey-reserve/7/letter.txt"));
        Assert.Equal("sealed", Text(to, "docker_volumes/vault_file/sys/_token"));
        Assert.Equal("line 1\nline 2\n", Text(to, "docker_volumes/sting_logs/app.log"));
        Assert.Equal("a long name", Text(to, new string('n', 120) + ".md"));
        Assert.EndsWith("-- 20251102_020000\n", Text(to, "db_backup_20251102_020000.sql"), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(to, Folder, "env/app.env")));   // a secret: its restore needs an approval
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(to, Folder, "conf/config.yml")));
        }
        Assert.Equal(new DateTime(2025, 11, 2, 1, 59, 30, DateTimeKind.Utc), File.GetLastWriteTimeUtc(Path.Combine(to, Folder, "conf/config.yml")));
    }

    [Fact]
    public async Task Items_are_placed_by_what_they_are()
    {
        await using var test = new TestInstallation();
        using var old = OldArchive.Sample();
        await test.ImportAsync(old.Save(test.Archives()));
        using var catalog = new Catalog(test.Installation);
        var items = (await catalog.ItemsAsync("backup_20251102_020000", null, null, null, recurse: true, default).ToListAsync())
            .Where(i => i.Kind == ItemKind.File).ToDictionary(i => i.Path[(Folder.Length + 1)..], i => (i.DataClass, i.Subject));
        Assert.Equal((DataClass.Metadata, "system"), items["db_backup_20251102_020000.sql"]);
        Assert.Equal((DataClass.Settings, "system"), items["conf/config.yml"]);
        Assert.Equal((DataClass.UserFiles, "user#7"), items["honey-reserve/7/letter.txt"]);
        Assert.Equal((DataClass.UserFiles, "system"), items["docker_volumes/vault_file/sys/_token"]);
        Assert.Equal((DataClass.AuditLogs, "system"), items["docker_volumes/sting_logs/app.log"]);
        Assert.All((string[])["conf/secrets/backup_key.txt", "env/app.env", ".env", "docker_volumes/vault_file/.vault-init.json"], p => Assert.Equal((DataClass.Secrets, "system"), items[p]));
    }

    [Fact]
    public async Task The_plan_says_what_there_is_and_what_is_lacking_and_changes_nothing()
    {
        await using var test = new TestInstallation();
        using var old = OldArchive.Sample();
        var path = old.Save(test.Archives());
        var archive = Assert.Single((await test.PlanImportAsync(null, path)).Archives);
        Assert.Equal((LegacyArchiveState.Importable, new FileInfo(path).Length, Folder, (string?)null), (archive.State, archive.ArchiveLength, archive.Folder, archive.BackupId));
        Assert.Contains(archive.Holds, h => h.StartsWith("db_backup_20251102_020000.sql", StringComparison.Ordinal));
        Assert.Contains(archive.Holds, h => h.StartsWith("volume vault_file", StringComparison.Ordinal));
        foreach (var lack in (string[])["kratos and sting_messaging", "chroma_data", "knowledge_uploads", "volume vault_data", "*.log"])
        {
            Assert.Contains(archive.Lacks, l => l.Contains(lack, StringComparison.Ordinal));
        }
        Assert.DoesNotContain(archive.Lacks, l => l.Contains("volume vault_file", StringComparison.Ordinal));
        Assert.Empty(archive.Notes);
        Assert.Empty(Directory.EnumerateFiles(test.RepositoryRoot, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_archive_is_imported_once_under_whatever_name()
    {
        await using var test = new TestInstallation();
        using var old = OldArchive.Sample();
        var bytes = old.ToBytes();
        var path = OldArchive.Save(test.Archives(), "sting_backup_20251102_020000.tar.gz", bytes);
        var copy = OldArchive.Save(test.Archives(), "a copy of it.tar.gz", bytes);
        var sealedCopy = OldArchive.Save(test.Archives(), "sting_backup_20251102_020000.tar.gz.enc", OldArchive.Encrypt(bytes, "key"));
        var plan = await test.PlanImportAsync("key", path, copy);
        Assert.Equal((1, 2), (plan.Importable, plan.Archives.Count));
        var first = await test.ImportAsync(plan);
        Assert.Equal((1, JobState.Completed), (first.Imported, first.State));
        var objects = Directory.EnumerateFiles(test.RepositoryRoot, "*", SearchOption.AllDirectories).Count();

        // Even by a plan that was made before.
        var again = await test.ImportAsync(plan);
        Assert.Equal((0, JobState.Completed, 0L), (again.Imported, again.State, again.BytesStored));
        plan = await test.PlanImportAsync("key", path, copy, sealedCopy);
        Assert.All(plan.Archives, a => Assert.Equal((LegacyArchiveState.AlreadyImported, "backup_20251102_020000"), (a.State, a.BackupId)));
        Assert.Equal(objects, Directory.EnumerateFiles(test.RepositoryRoot, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Two_archives_share_what_they_have_in_common_and_stay_apart()
    {
        await using var test = new TestInstallation();
        var shared = new byte[3_000_000];
        new Random(1).NextBytes(shared);
        using var one = OldArchive.Sample().File("./frontend.bin", shared);
        using var two = OldArchive.Sample("20251109_020000").File("./frontend.bin", shared);
        var paths = (string[])[two.Save(test.Archives(), "sting_backup_20251109_020000.tar.gz"), one.Save(test.Archives())];
        var plan = await test.PlanImportAsync(null, paths);
        Assert.Equal(["sting_backup_20251102_020000.tar.gz", "sting_backup_20251109_020000.tar.gz"], plan.Archives.Select(a => a.Name));
        var result = await test.ImportAsync(plan);
        Assert.Equal(["backup_20251102_020000", "backup_20251109_020000"], result.Archives.Select(a => a.BackupId));
        Assert.InRange(result.BytesNew, 3_000_000, 3_100_000);
        var to = test.Folder("out");
        await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to });
        Assert.Equal(["sting_backup_20251109_020000"], Directory.EnumerateDirectories(Path.Combine(to, "legacy")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Links_and_later_entries_are_as_unpacking_leaves_them()
    {
        await using var test = new TestInstallation();
        using var old = OldArchive.Sample().Link("./current", "conf/config.yml").Link("./twin.yml", "./conf/config.yml", hard: true).File("./.env", "B=2\n").File("./conf/config.yml", "version: 2\n");
        await test.ImportAsync(old.Save(test.Archives()));
        var to = test.Folder("out");
        await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to });
        Assert.Equal("conf/config.yml", new FileInfo(Path.Combine(to, Folder, "current")).LinkTarget);
        Assert.Equal(("version: 1\n", "version: 2\n"), (Text(to, "twin.yml"), Text(to, "conf/config.yml")));
    }

    [Fact]
    public async Task An_import_leaves_the_hosts_cache_alone()
    {
        await using var test = new TestInstallation();
        test.Write("conf/app.yml", "a"u8);
        test.Write("users/7/a.txt", "b"u8);
        await test.BackupAsync();
        using var old = OldArchive.Sample();
        await test.ImportAsync(old.Save(test.Archives()));
        var next = await test.BackupAsync();
        Assert.Equal((0L, 0L), (next.ItemsRead, next.BytesNew));
        Assert.Empty(Directory.EnumerateFiles(test.Installation.CacheFolder, "*.new", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Whatever_an_archive_holds_comes_back_byte_for_byte()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            await using var test = new TestInstallation();
            using var old = OldArchive.Sample(format: seed % 2 == 0 ? TarEntryFormat.Pax : TarEntryFormat.Gnu);
            var files = new Dictionary<string, byte[]>();
            for (var i = 0; i < 40; i++)
            {
                var content = new byte[random.Next(4) == 0 ? random.Next(300_000) : random.Next(2_000)];
                random.NextBytes(content);
                var name = $"data/{random.Next(5)}/{(random.Next(3) == 0 ? "ä ö " : "f")}{random.Next(30)}{new string('x', random.Next(4) == 0 ? 110 : 0)}";
                old.File("./" + name, content);
                files[name] = content;
            }
            var volume = files.ToDictionary(f => f.Key, f => f.Value);
            old.File("docker_volumes/config_data.tar.gz", OldArchive.Volume(v =>
            {
                foreach (var (name, content) in volume)
                {
                    v.File("./" + name, content);
                }
            }));
            var result = await test.ImportAsync(old.Save(test.Archives()));
            var to = test.Folder("out");
            await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Destination = to });
            foreach (var (name, content) in files)
            {
                Assert.True(Holds(Path.Combine(to, Folder, name), content), $"seed {seed}: {name}");
                Assert.True(Holds(Path.Combine(to, Folder, "docker_volumes/config_data", name), content), $"seed {seed}: {name} of the volume");
            }
            Assert.Equal(result.Archives[0].Items, (await new Catalog(test.Installation).ItemsAsync("latest", null, null, null, true, default).ToListAsync()).Count);
        }
    }

    [Fact]
    public async Task An_encrypted_archive_opens_with_either_form_of_its_key()
    {
        await using var test = new TestInstallation();
        var raw = Enumerable.Range(0, 32).Select(i => (byte)(200 + i)).ToArray();
        var generated = Convert.ToBase64String(raw);
        // What STING's script has for the key once the kernel's keyring has given it back: keyctl print shows bytes as ":hex:…", and base64 -w 0 encodes that.
        var fromKeyring = Convert.ToBase64String(Encoding.ASCII.GetBytes($":hex:{Convert.ToHexStringLower(raw)}\n"));
        var keys = (string[])[generated, fromKeyring];
        foreach (var (with, key) in keys.SelectMany(w => keys.Select(k => (w, k))))
        {
            using var old = OldArchive.Sample();
            var path = OldArchive.Save(test.Archives(), "sting_backup_20251102_020000.tar.gz.enc", OldArchive.Encrypt(old.ToBytes(), with));
            var archive = Assert.Single((await test.PlanImportAsync(key, path)).Archives);
            Assert.Equal((LegacyArchiveState.Importable, true), (archive.State, archive.IsEncrypted));
        }
        var last = Path.Combine(test.Archives(), "sting_backup_20251102_020000.tar.gz.enc");
        Assert.Equal(1, (await test.ImportAsync(last, fromKeyring)).Imported);
    }

    [Fact]
    public void What_openssl_encrypted_opens()
    {
        // printf '\x1f\x8b\x08 and so on: twenty' | openssl enc -aes-256-cbc -salt -pbkdf2 -iter 100000 -pass pass:key | xxd -p, of OpenSSL 3.0
        var encrypted = Convert.FromHexString("53616c7465645f5feb87d570c4bdb8f26fd3651cfd6b20ea59fac88768e03b76a20da0cf476a52a3054b19b52a102b5b");
        using var passphrase = SecretBytes.CopyOf("key"u8);
        using var plain = LegacyCipher.Open(new MemoryStream(encrypted), "x", passphrase);
        using var read = new MemoryStream();
        plain.CopyTo(read);
        Assert.Equal([0x1f, 0x8b, 0x08, .. " and so on: twenty"u8], read.ToArray());
    }
}
