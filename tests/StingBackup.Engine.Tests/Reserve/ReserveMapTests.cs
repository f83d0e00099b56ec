using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class ReserveMapTests
{
    private const string Uuid = "0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001";

    private static ReserveMap Map(string[]? exclude = null, string[]? excludeSystem = null, ClassRule[]? rules = null, UsersMap? users = null)
    {
        var settings = new ReserveSettings { Path = "/reserve", Exclude = exclude ?? [], Rules = rules ?? [] };
        return ReserveMap.Compile(excludeSystem is null ? settings : settings with { ExcludeSystem = excludeSystem }, users ?? UsersMap.Empty);
    }

    private static Placement Classify(ReserveMap map, string path, ItemKind kind = ItemKind.File) => map.Classify(EntryPath.Parse(path), kind);

    private static Placement In(DataClass dataClass, string subject) => new(false, dataClass, subject);

    [Theory]
    [InlineData("users/0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001/a.pdf", DataClass.UserFiles, "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("users/0B8F0F4E-4D5C-4F39-9A55-2F2F7C9D0001/a.pdf", DataClass.UserFiles, "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("users/42/x/y/z", DataClass.UserFiles, "user#42")]
    [InlineData("users/0/x", DataClass.UserFiles, "user#0")]
    [InlineData("users/042/x", DataClass.UserFiles, "path:UserFiles/042")]
    [InlineData("users/99999999999999999999/x", DataClass.UserFiles, "path:UserFiles/99999999999999999999")]
    [InlineData("users/ann@example.com/x", DataClass.UserFiles, "path:UserFiles/ann@example.com")]
    [InlineData(@"users/\xff\xfe/x", DataClass.UserFiles, @"path:UserFiles/\xff\xfe")]
    [InlineData("jars/jar_123/doc.md", DataClass.HoneyJars, "jar:jar_123")]
    [InlineData("jars/0B8F0F4E-4D5C-4F39-9A55-2F2F7C9D0001/doc.md", DataClass.HoneyJars, "jar:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("conf/app.yml", DataClass.Settings, "system")]
    [InlineData("users/loose-file.txt", DataClass.Settings, "system")]
    [InlineData("usersx/42/x", DataClass.Settings, "system")]
    [InlineData("old/users/42/x", DataClass.Settings, "system")]
    public void A_path_belongs_to_whom_its_folder_names(string path, DataClass dataClass, string subject) =>
        Assert.Equal(In(dataClass, subject), Classify(Map(), path));

    [Fact]
    public void The_folders_users_and_jars_and_the_root_belong_to_system()
    {
        var map = Map();
        foreach (var path in (string[])["", "users", "jars"])
        {
            Assert.Equal(In(DataClass.Settings, "system"), Classify(map, path, ItemKind.Directory));
        }
    }

    [Fact]
    public void A_persons_own_folder_belongs_to_the_person_and_a_link_of_that_name_does_not()
    {
        var map = Map();
        Assert.Equal(In(DataClass.UserFiles, "user#42"), Classify(map, "users/42", ItemKind.Directory));
        Assert.Equal(In(DataClass.HoneyJars, "jar:j1"), Classify(map, "jars/j1", ItemKind.Directory));
        Assert.Equal(In(DataClass.Settings, "system"), Classify(map, "users/42", ItemKind.SymbolicLink));
    }

    [Fact]
    public void A_users_map_gives_a_folder_the_persons_uuid()
    {
        var users = UsersMap.Of([new UserEntry(Guid.Parse(Uuid), 42, "Ann@Example.com", null, "Ann", 2)]);
        var map = Map(users: users);
        foreach (var folder in (string[])["42", "ann@example.com", "ANN@EXAMPLE.COM", Uuid, Uuid.ToUpperInvariant()])
        {
            Assert.Equal(In(DataClass.UserFiles, "user:" + Uuid), Classify(map, $"users/{folder}/x"));
        }
        Assert.Equal(In(DataClass.UserFiles, "user#43"), Classify(map, "users/43/x"));
    }

    [Theory]
    [InlineData("cache/x")]
    [InlineData("app/cache/deep/x")]
    [InlineData("app/__pycache__/m.cpython.pyc")]
    [InlineData("sessions/s1")]
    [InlineData("db/user_sessions.csv")]
    [InlineData("db/passkey_login_challenges.csv")]
    [InlineData("bin/sting")]
    [InlineData("plugins/x.so")]
    [InlineData("plugins/x.so.1")]
    [InlineData("web/node_modules/left-pad/index.js")]
    [InlineData(".venv/bin/python")]
    [InlineData("models/phi3/weights.bin")]
    [InlineData("llm_cache/x")]
    [InlineData("images/app.tar")]
    [InlineData("analytics/realtime/now.json")]
    [InlineData("backups/sting_backup_1.tar.gz")]
    [InlineData("support_bundles/b.zip")]
    [InlineData("build_20240101/out")]
    [InlineData("redis/dump.rdb")]
    [InlineData("mailpit/m.db")]
    public void The_default_rules_leave_out_what_the_strategy_leaves_out(string path) => Assert.True(Classify(Map(), path).IsExcluded);

    [Theory]
    [InlineData("app/models/user.py")]
    [InlineData("app/build_info.json")]
    [InlineData("analytics/report.json")]
    [InlineData("cache")]
    [InlineData("env/app.env")]
    public void The_default_rules_keep_what_only_looks_alike(string path) => Assert.False(Classify(Map(), path).IsExcluded);

    [Theory]
    [InlineData("users/42/cache/x")]
    [InlineData("users/42/setup.exe")]
    [InlineData("users/42/backups/node_modules/lib.so")]
    [InlineData("users/cache/x")]
    [InlineData("jars/sessions/doc.iso")]
    public void No_default_rule_drops_what_a_person_uploaded(string path) => Assert.False(Classify(Map(), path).IsExcluded);

    [Fact]
    public void What_is_excluded_everywhere_is_excluded_in_peoples_folders_too()
    {
        var map = Map(exclude: ["*.tmp", "/users/*/scratch/**"]);
        Assert.True(Classify(map, "users/42/a.tmp").IsExcluded);
        Assert.True(Classify(map, "users/42/scratch/deep/a").IsExcluded);
        Assert.False(Classify(map, "users/42/scratch", ItemKind.Directory).IsExcluded);
        Assert.False(Classify(map, "users/42/more/scratch/a").IsExcluded);
        Assert.True(Classify(map, "conf/a.tmp").IsExcluded);
    }

    [Fact]
    public void The_first_rule_that_matches_names_the_class()
    {
        var map = Map(rules:
        [
            new("reports/secret/**", DataClass.Secrets, null),
            new("reports/**", DataClass.Reports, null),
            new("*.log", DataClass.AuditLogs, null),
        ]);
        Assert.Equal(In(DataClass.Secrets, "system"), Classify(map, "reports/secret/a.log"));
        Assert.Equal(In(DataClass.Reports, "system"), Classify(map, "reports/a.log"));
        Assert.Equal(In(DataClass.AuditLogs, "system"), Classify(map, "logs/a.log"));
        Assert.Equal(In(DataClass.Settings, "system"), Classify(map, "reports", ItemKind.Directory));
        Assert.Equal(In(DataClass.AuditLogs, "user#7"), Classify(map, "users/7/a.log"));
    }

    [Fact]
    public void A_rule_takes_the_subject_from_the_path()
    {
        var map = Map(rules:
        [
            new("honey-reserve/*/**", DataClass.UserFiles, "user:{2}"),
            new("temp-uploads/*/**", DataClass.TempFiles, "user:{2}"),
            new("uploads/*/**", DataClass.HoneyJars, "jar:{2}"),
            new("reports/**", DataClass.Reports, "path:Reports/{3}"),
            new("audit/**", DataClass.AuditLogs, "system"),
        ], users: UsersMap.Of([new UserEntry(Guid.Parse(Uuid), 5, null, null, null, 2)]));
        Assert.Equal(In(DataClass.UserFiles, "user:" + Uuid), Classify(map, "honey-reserve/5/f1"));
        Assert.Equal(In(DataClass.UserFiles, "user#6"), Classify(map, "honey-reserve/6/deep/er/f1"));
        Assert.Equal(In(DataClass.TempFiles, "path:TempFiles/bob"), Classify(map, "temp-uploads/bob/f1"));
        Assert.Equal(In(DataClass.HoneyJars, "jar:j9"), Classify(map, "uploads/j9/d.md"));
        Assert.Equal(In(DataClass.Reports, "path:Reports/q1"), Classify(map, "reports/2024/q1/r.pdf"));
        Assert.Equal(In(DataClass.Reports, "system"), Classify(map, "reports/2024", ItemKind.Directory));
        Assert.Equal(In(DataClass.AuditLogs, "system"), Classify(map, "audit/a"));
    }

    [Fact]
    public void What_a_rule_gives_to_a_person_is_safe_from_the_systems_exclusions()
    {
        var map = Map(rules: [new("honey-reserve/*/**", DataClass.UserFiles, "user:{2}")]);
        Assert.False(Classify(map, "honey-reserve/6/cache/setup.exe").IsExcluded);
    }

    [Fact]
    public void The_answer_does_not_depend_on_the_order_of_the_questions()
    {
        ClassRule[] rules = [new("a/*/**", DataClass.Reports, "path:Reports/{2}"), new("**/logs/*.txt", DataClass.AuditLogs, null)];
        string[] paths = ["a/b/c/d.exe", "a/b/cache/x", "a/b2/c", "a/b", "a/logs/x.txt", "users/1/logs/a.txt", "users/10/logs/a.txt", "users/1/b", "x", "jars/1/logs/q.txt", "cache/x/y", "cache2/x"];
        var fresh = paths.ToDictionary(p => p, p => Classify(Map(["*.skip"], rules: rules), p));
        var map = Map(["*.skip"], rules: rules);
        CsCheck.Check.Sample(CsCheck.Gen.Shuffle(paths), order => Assert.All(order, p => Assert.Equal(fresh[p], Classify(map, p))));
    }

    [Fact]
    public void Threads_may_ask_at_once()
    {
        var map = Map();
        Parallel.For(0, 20_000, i => Assert.Equal(In(DataClass.UserFiles, $"user#{i % 50}"), Classify(map, $"users/{i % 50}/d{i % 3}/f{i}")));
    }

    [Fact]
    public void Files_of_one_folder_share_one_name_and_cost_no_memory()
    {
        var map = Map();
        var paths = Enumerable.Range(0, 1000).Select(i => EntryPath.Parse($"users/{Uuid}/docs/file{i}.pdf")).ToArray();
        var first = map.Classify(paths[0], ItemKind.File).Subject;
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var path in paths)
        {
            Assert.True(ReferenceEquals(first, map.Classify(path, ItemKind.File).Subject));
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Init_learns_the_subjects_of_the_folders_that_stand_there()
    {
        var host = new FakeHost()
            .WithFolder("/reserve/users/42").WithFolder("/reserve/users/ann@example.com").WithFolder("/reserve/users/b\uFFFDd").WithFolder("/reserve/users/gone")
            .WithFolder("/reserve/jars/jar_123").WithFolder("/reserve/conf");
        var map = Map(exclude: ["/users/gone/"], rules: [new("r/**", DataClass.Reports, "path:Reports/all"), new("q/**", DataClass.Reports, "path:Reports/{2}")]);
        Assert.Equal(["jar:jar_123", "path:Reports/all", "path:UserFiles/ann@example.com", "system", "user#42"], map.DiscoverSubjects("/reserve", host));
    }

    [Fact]
    public void Init_learns_the_subjects_of_mounted_folders_and_of_those_that_rules_speak_of()
    {
        var host = new FakeHost().WithFolder("/volumes/uploads/jar_9").WithFolder("/reserve/honey-reserve/7/docs/42").WithFolder("/volumes/archives/2026/01/8").WithFolder("/volumes/archives/2026/01/9");
        var settings = new ReserveSettings
        {
            Path = "/reserve", Folders = [new FolderMount("jars", "/volumes/uploads"), new FolderMount("archives", "/volumes/archives")], Exclude = ["/archives/2026/01/9/"],
            Rules = [new("honey-reserve/*/**", DataClass.UserFiles, "user:{2}"), new("archives/*/*/*/**", DataClass.UserFiles, "user:{4}")],
        };
        Assert.Equal(["jar:jar_9", "system", "user#7", "user#8"], ReserveMap.Compile(settings, UsersMap.Empty).DiscoverSubjects("/reserve", host));
    }
}
