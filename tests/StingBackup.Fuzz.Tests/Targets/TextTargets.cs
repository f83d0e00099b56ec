using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Operations.Schedules;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>Texts that people and other programs write: configurations, maps of users, a STING installation's own files, words of commands.</summary>
internal static class TextTargets
{
    private static readonly ConfigurationLoader Loader = new(new HostView());
    private static readonly string[] Keys = [.. Settings.All.Select(s => s.Name).Concat(Settings.Sections.Select(s => s.Name + ":\n  ")), "- path: ", "&a", "*a", "!!str ", "|", ">", "~", "<<:", "? ", "---\n", "{}"];
    private static readonly string[] Shell = [.. Settings.All.Select(s => s.ShellVariable).OfType<string>().Select(v => v + "="), "export ", "$(", "`", "#"];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("configuration", Configurations, static input => Loader.ExamineText(Text(input), "/nowhere/sting-backup.yaml")) { Words = Keys, PerByte = 20_000, Floor = 4 << 20, Burst = 40 },
        new("configuration-shell", () => [Utf8("# STING\nBACKUP_ROOT=\"/backups\"\nexport RETENTION_DAYS='30'\nENCRYPTION=true # a word\n")], static input => Loader.Examine(Scratch.Write("shell", "backup-config.sh", input)))
        { Words = Shell, PerByte = 20_000, Floor = 4 << 20, Burst = 60 },
        new("users-csv", () => [Utf8("id,kratos_id,email,folder,name\n1,75c469b7-18dc-4c38-b360-b5541639905b,ada@example.com,ada,\"Ada, L.\"\n2,,bob@example.com,,Bob\n")], static input => UsersMapFile.Read(Scratch.Write("users", "users.csv", input), new HostView()))
        { Words = ["id", "email", "folder", ";", ",", "\"\"", "@"], PerByte = 2000 },
        new("users-json", () => [Utf8("""{"users":[{"id":1,"email":"ada@example.com","folder":"ada"},{"kratos_id":"75c469b7-18dc-4c38-b360-b5541639905b","name":"Bob"}]}""")], static input => UsersMapFile.Read(Scratch.Write("users", "users.json", input), new HostView()))
        { Words = ["\"id\":", "\"email\":", "\"users\":", "/*", "//"], PerByte = 2000 },
        new("compose", () => [Utf8("name: ${PROJECT:-sting}\nservices:\n  vault:\n    image: vault:${V}\n    container_name: sting-ce-vault\n    ports: [\"127.0.0.1:8200:8200/tcp\", {target: 1, published: 2}]\n    volumes:\n      - ./conf:/etc/x:ro\n      - data:/data\nvolumes:\n  data:\n    driver_opts: {type: none, device: /x}\n")], static input =>
        {
            Scratch.Write("compose", "docker-compose.yml", input);
            ComposeProject.Read(Scratch.Folder("compose"), static name => name == "V" ? "1" : null, new HostView(), new GapList());
        }) { Words = ["${", "$$", ":-", ":+", "}", "services:", "volumes:", "ports:", "<<: *a", "&a", "external: true", "~"], PerByte = 5000, Burst = 100 },
        new("environment", () => [Utf8("# db\nexport POSTGRES_USER=\"sting\"\nVAULT_ADDR='http://127.0.0.1:8200'\nX=\n")], static input =>
        {
            Scratch.Write(Path.Combine("environment", "env"), "app.env", input);
            EnvironmentFiles.Read(Scratch.Folder("environment"), new HostView()).Value("POSTGRES_USER");
        }),
        new("interpolation", () => [Utf8("${A:-x${B:+y}}$$C")], static input => Interpolation.Expand(Text(input), static name => name.Length == 1 ? "1" : null)) { Words = ["${", "}", ":-", ":+", "$"], PerByte = 2000 },
        new("pattern", () => [Utf8("users/*/docs/**/{a,b}[!x-z]?.txt\0users/ada/docs/deep/a1.txt"), Utf8("*.log/\0x.log"), Utf8("user:{1}\0user:ada")], ReadPattern) { Words = ["**", "{", ",", "}", "[", "[!", "]", "?", "\\", "/"], PerByte = 20_000, Floor = 16 << 20, MaxLength = 512 },
        new("words", () => Words.Select((_, i) => (byte[])[(byte)i, .. Utf8(Samples[i])]), ReadWord) { Words = ["2026-01-02T03:04:05+01:00", "latest", "yesterday", "backup_20260101_020304", "person:", "s3://", "08:00-18:00", "\\x00"], PerByte = 2000 },
        new("schedule-mark", () => [Utf8("# sting-backup-schedule {\"Task\":\"Backup\",\"Kind\":\"Cron\",\"At\":\"02:00\",\"Zone\":\"UTC\",\"Jitter\":0,\"Enabled\":true,\"User\":\"root\",\"Program\":\"/usr/bin/sting-backup\"}")], static input => ScheduleMark.Read(Text(input))) { PerByte = 1000 },
        new("object-name", () => [Utf8("points/202122232425262728292a2b2c2d2e2f/000000000007"), Utf8("writers/202122232425262728292a2b2c2d2e2f.2"), Utf8("meta/60/606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f")], static input =>
        {
            var name = Text(input);
            ObjectName.IsValid(name);
            ObjectName.HashOfPack(name);
            switch (ObjectKinds.Of(name))
            {
                case ObjectKind.Point or ObjectKind.Session or ObjectKind.Audit or ObjectKind.Configuration: ObjectKinds.RunIn(name); break;
                case ObjectKind.Claim or ObjectKind.Writer or ObjectKind.Approver: ObjectKinds.TagIn(name); break;
                case not null: ObjectKinds.IdIn(name); break;
            }
        }),
    ];

    private static readonly Action<string>[] Words =
    [
        static t => PointInTime.Parse(t, TimeZoneInfo.Utc), static t => BackupId.TryParse(t, out _), static t => S3Address.Parse(t), static t => RecoveryMoment.Parse(t, TimeZoneInfo.Utc), static t => PeakHours.TryParse(t, out _),
        static t => CheckLimits.ParseSpan(t), static t => AccessIdentity.TryParse(t, out _), static t => ReportMonth.Parse(t, TimeZoneInfo.Utc, DateTimeOffset.UnixEpoch), RoundTrip,
    ];

    private static readonly string[] Samples = ["2026-01-02 03:04", "backup_20260101_020304_2", "s3://bucket/folder", "2026-01-02T03:04:05Z", "08:00-18:00", "10m", "kratos:75c469b7-18dc-4c38-b360-b5541639905b", "2026-01", @"users/a\x2fb"];

    private static void ReadWord(byte[] input)
    {
        if (input.Length > 0)
        {
            Words[input[0] % Words.Length](Text(input.AsSpan(1)));
        }
    }

    /// <summary>What a path shows as is read back as the same path.</summary>
    private static void RoundTrip(string text)
    {
        var path = EntryPath.Parse(text);
        if (EntryPath.Parse(path.ToString()) != path)
        {
            throw new MisreadException("a path that is shown reads back as another");
        }
    }

    private static void ReadPattern(byte[] input)
    {
        var at = Math.Max(0, input.AsSpan().IndexOf((byte)0));
        var text = Text(input.AsSpan(0, at));
        var path = input.AsSpan(at);
        foreach (var glob in GlobPattern.Parse(text, out _) ?? [])
        {
            glob.Matches(path, false);
            glob.MatchesItself(path, true);
        }
        NameMatcher.Parse(text, out _)?.Matches(path);
        SubjectTemplate.Parse(text);
        ItemPattern.Parse(text).MatchesName(Text(path));
    }

    private static IEnumerable<byte[]> Configurations()
    {
        yield return Utf8("storage:\n  root: /backups\nreserve:\n  path: /honey\n");
        foreach (var section in Settings.Sections)
        {
            yield return Utf8($"{section.Name}:\n" + string.Concat(Settings.All.Where(s => s.Section == section.Name).Select(s => $"  {s.Name}: {s.Example}\n")));
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> input) => Encoding.UTF8.GetString(input);
}
