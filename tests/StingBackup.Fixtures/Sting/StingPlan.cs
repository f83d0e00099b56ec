using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>All that an imitated installation will hold: the files of a sample reserve, each in the place where STING keeps its like.</summary>
internal sealed class StingPlan
{
    /// <summary>Who asked to be erased.</summary>
    public const int Leaving = 5;
    /// <summary>Who asked so too, but is under a legal hold.</summary>
    public const int Held = 6;

    private static readonly string[] AwkwardNames =
        ["Überblick für Ärzte.pdf", "two  spaces, and (more).pdf", "年度報告書.pdf", "🐝 honey.pdf", "tab\tline\nback\\slash.pdf", "it's \"quoted\".pdf", new string('n', 196) + ".pdf"];

    private readonly SampleRandom _random;
    private readonly StingSiteOptions _options;
    private readonly HashSet<SamplePerson> _pictured = [];
    private readonly List<SampleFile> _files = [];

    private StingPlan(StingSiteOptions options, SamplePlan sample)
    {
        (_options, Sample, _random) = (options, sample, SampleRandom.For(options.Seed, "sting"));
        People = sample.People;
        Jars = [.. sample.Jars.Select((_, i) => new StingJar(_random.NextUuid(), $"{Prose.NextWord(_random)} {Prose.NextWord(_random)}", i is 1 or 2 ? "system" : _random.Pick(People).Email))];
        MasterKey = NewKey();
        EarlierMasterKey = NewKey();
    }

    public SamplePlan Sample { get; }
    public IReadOnlyList<SamplePerson> People { get; }
    public IReadOnlyList<StingJar> Jars { get; }
    public List<StingUpload> Uploads { get; } = [];
    public List<StingDocument> Documents { get; } = [];
    /// <summary>What lies on disk, relative to the site's root.</summary>
    public IReadOnlyList<SampleFile> Files => _files;
    public byte[] MasterKey { get; }
    public byte[] EarlierMasterKey { get; }
    public int NextRow { get; set; } = 1;

    public static StingPlan Build(StingSiteOptions options)
    {
        var plan = new StingPlan(options, SamplePlan.Build(new SampleReserveOptions { Seed = options.Seed, Scale = options.Scale, Edges = false }));
        foreach (var file in plan.Sample.Files)
        {
            plan.Take(file, file.Path.Split('/'));
        }
        plan.AddOrphans();
        foreach (var jar in plan.Jars.Where(j => j.Owner == "system"))
        {
            for (var i = 0; i < 5; i++)
            {
                plan.Documents.Add(new StingDocument { Id = plan._random.NextUuid(), Jar = jar, Name = $"built in {i}.md", ContentType = "text/markdown", DiskName = null, Size = 4000 + i });
            }
        }
        return plan;
    }

    /// <summary>A new upload.</summary>
    public StingUpload NewUpload(SampleRandom random, SamplePerson owner, string type, string name, StingContent content, StingStorage? storage = null) => new()
    {
        Row = NextRow++, FileId = random.NextUuid(), Owner = owner, Type = type, Name = name, Content = content, Storage = storage ?? StorageOf(random),
        IsHeld = owner == People[Held] && Uploads.Count(u => u.IsHeld) < 2,
    };

    private void Take(SampleFile file, string[] parts)
    {
        switch (parts[0])
        {
            case "users":
                TakeUpload(file, People.First(p => p.FolderName == parts[1]), parts);
                break;
            case "jars":
                var jar = Jars[IndexOf(Sample.Jars, $"jars/{parts[1]}")];
                var stem = parts[2];
                var disk = stem.Length > 37 && stem[36] == '_' ? stem : $"{_random.NextUuid()}_{stem}";
                Documents.Add(new StingDocument { Id = _random.NextUuid(), Jar = jar, Name = disk[37..], ContentType = StingContent.TypeOf(file.Kind), DiskName = disk, Size = file.Length });
                _files.Add(file with { Path = $"uploads/{jar.Id}/{disk}" });
                break;
            case "reports":
                Uploads.Add(NewUpload(_random, _random.Pick(People), "report", parts[^1], ContentOf(file)));
                break;
            case "temp":
                if (_random.Chance(0.5))
                {
                    Uploads.Add(NewUpload(_random, _random.Pick(People), "temporary", parts[^1], ContentOf(file)));
                    break;
                }
                _files.Add(file with { Path = $"install/temp-uploads/{_random.Pick(People).FolderName}/{_random.NextUuid()}" });
                break;
            case "embeddings":
                break;   // Chroma has a fixture of its own
            default:
                _files.Add(file with { Path = $"install/{Installed(parts)}" });
                break;
        }
    }

    private void TakeUpload(SampleFile file, SamplePerson owner, string[] parts)
    {
        var isPicture = file.Kind is SampleFileKind.Jpeg or SampleFileKind.Png && file.Length < 5_000_000 && _pictured.Add(owner);
        var awkward = owner == People[SamplePeople.Awkward] ? Uploads.Count(u => u.Owner == owner) : int.MaxValue;
        StingStorage? storage = _random.Chance(0.02) ? StingStorage.OnDisk : null;
        var upload = NewUpload(_random, owner, isPicture ? "profile_picture" : "user_document", awkward < AwkwardNames.Length ? AwkwardNames[awkward] : parts[^1], ContentOf(file), storage);
        if (storage == StingStorage.OnDisk)
        {
            _files.Add(file with { Path = $"install/honey-reserve/{owner.FolderName}/{upload.FileId}" });
        }
        // Equal content of one owner and type has one path; a row that is deleted does not take another's blob with it.
        upload.IsDeleted = storage is null && Uploads.Count % 40 == 7 && file.Duplicate == SampleDuplicate.None;
        Uploads.Add(upload);
    }

    private void AddOrphans()
    {
        for (var i = 0; i < 3; i++)
        {
            Uploads.Add(new StingUpload
            {
                Row = 0, FileId = _random.NextUuid(), Owner = People[SamplePeople.Known], Type = "user_document", Name = $"orphan {i}.txt", HasRow = false, Storage = StingStorage.Plain,
                Content = new StingContent(SampleFileKind.Text, 2000 + i, _random.NextUInt64()),
            });
        }
    }

    private StingStorage StorageOf(SampleRandom random) => random.Chance(_options.Encrypted) ? random.Chance(1 / 3.0) ? StingStorage.EncryptedBefore : StingStorage.Encrypted : StingStorage.Plain;

    private static StingContent ContentOf(SampleFile file) => new(file.Kind, file.Length, file.ContentSeed);

    private static string Installed(string[] parts) => parts[0] switch
    {
        "settings" when parts[1] == "kratos" => $"kratos/{parts[^1]}",
        "settings" => string.Join('/', ["conf", .. parts[1..]]),
        "metadata" => $"conf/{parts[^1]}",
        "secrets" => $"env/{parts[^1]}",
        _ => string.Join('/', parts),
    };

    private static int IndexOf(IReadOnlyList<string> items, string item)
    {
        for (var i = 0; ; i++)
        {
            if (items[i] == item)
            {
                return i;
            }
        }
    }

    private byte[] NewKey()
    {
        var key = new byte[32];
        _random.Fill(key);
        return key;
    }

    /// <summary>A number as rows of text have it.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
