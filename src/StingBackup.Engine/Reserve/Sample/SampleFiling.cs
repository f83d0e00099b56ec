using System.Globalization;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Gives contents a place, a time and a mode, and keeps the list.</summary>
internal sealed class SampleFiling(SampleRandom random, double lengthFactor)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Common = OwnerOnly | UnixFileMode.GroupRead;

    private readonly List<SampleFile> _files = [];
    private readonly SampleNames _names = new(random);

    public IReadOnlyList<SampleFile> Files => _files;

    /// <summary>Files content under a fresh name in a folder.</summary>
    public SampleFile Add(string folder, SampleDraft draft, SampleDuplicate duplicate = SampleDuplicate.None, string prefix = "") =>
        AddAt(_names.Next(folder, draft.Kind, prefix), draft.Kind, draft.Length, draft.ContentSeed, duplicate);

    /// <summary>Files a copy beside the original, or in another folder under the original's name.</summary>
    public SampleFile AddCopy(string folder, SampleFile original, SampleDuplicate duplicate, string prefix = "")
    {
        var name = original.Path[(original.Path.LastIndexOf('/') + 1)..];
        // The name may stand behind a random id, as jars have it; a copy gets an id of its own.
        var stem = Path.GetFileNameWithoutExtension(name);
        stem = stem.Length > 37 && stem[36] == '_' ? stem[37..] : stem;
        var path = _names.Claim(folder, prefix + stem, Path.GetExtension(name));
        return AddAt(path, original.Kind, original.Length, original.ContentSeed, duplicate);
    }

    /// <summary>An installation stores an upload to a jar behind a random id; the jar of the documentation shows names as people know them.</summary>
    public string PrefixIn(string jar) => jar.EndsWith(SamplePeople.KnownJar, StringComparison.Ordinal) ? "" : $"{random.NextUuid()}_";

    /// <summary>Files content under a given name, or the nearest free one.</summary>
    public SampleFile AddNamed(string folder, string stem, SampleFileKind kind, double length) =>
        AddAt(_names.Claim(folder, stem, kind.Extension()), kind, (long)Math.Max(SampleContent.MinLength, length * lengthFactor), random.NextUInt64(), SampleDuplicate.None);

    /// <summary>What an installation has besides people's files and jars.</summary>
    public void AddInstallation()
    {
        AddNamed("settings", "config", SampleFileKind.Settings, 40e3);
        AddNamed("settings/kratos", "kratos", SampleFileKind.Settings, 9e3);
        AddNamed("settings", "user-settings", SampleFileKind.Json, 120e3);
        AddNamed("settings", "organization-preferences", SampleFileKind.Json, 30e3);
        AddNamed("metadata", "access-control-list", SampleFileKind.Json, 200e3);
        AddNamed("metadata", "honey-jars", SampleFileKind.Csv, 80e3);
        AddNamed("secrets", "app", SampleFileKind.Environment, 4e3);
        AddNamed("secrets", "vault", SampleFileKind.Environment, 2e3);
        for (var day = 0; day < 7; day++)
        {
            var date = SampleClock.Epoch.AddDays(-day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            AddNamed("logs/audit", $"audit-{date}", SampleFileKind.Log, 900e3);
            AddNamed("logs", $"app-{date}", SampleFileKind.Log, 600e3);
        }
        for (var i = 0; i < 12; i++)
        {
            AddNamed("reports", $"{Prose.NextWord(random)}-report-{2023 - i / 6}-{12 - i % 6 * 2:00}", i % 3 == 0 ? SampleFileKind.Csv : SampleFileKind.Pdf, 250e3);
        }
        for (var i = 0; i < 8; i++)
        {
            AddNamed("temp", $"upload-{random.NextUInt64():x16}", (SampleFileKind)(i % 6), 400e3);
        }
        AddNamed($"embeddings/{random.NextUuid()}", "data_level0", SampleFileKind.Vectors, 6e6);
        AddNamed("embeddings", "index", SampleFileKind.Json, 300e3);
    }

    /// <summary>What no backup should hold: caches and compiled leavings. Returns the folders.</summary>
    public IReadOnlyList<string> AddExcluded()
    {
        string[] folders = ["cache/thumbnails", "settings/__pycache__"];
        for (var i = 0; i < 12; i++)
        {
            AddNamed(folders[i % 2], $"{random.NextUInt64():x16}", SampleFileKind.Vectors, 60e3);
        }
        return ["cache", "settings/__pycache__"];
    }

    private SampleFile AddAt(string path, SampleFileKind kind, long length, ulong seed, SampleDuplicate duplicate)
    {
        // Most files are weeks old, some are years: the age falls off exponentially, around four months.
        var age = TimeSpan.FromTicks((long)(-Math.Log(1 - random.NextDouble()) * TimeSpan.FromDays(120).Ticks));
        var mode = random.Next(10) switch
        {
            0 => OwnerOnly,
            < 4 => Common | UnixFileMode.OtherRead,
            4 => Common | UnixFileMode.GroupWrite,
            _ => Common,
        };
        var file = new SampleFile(path, kind, length, seed, SampleClock.Epoch - age, mode, duplicate);
        _files.Add(file);
        return file;
    }
}
