namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Whether another file of the reserve has the same content.</summary>
internal enum SampleDuplicate
{
    None,
    /// <summary>One of the same subject.</summary>
    Within,
    /// <summary>One of another subject.</summary>
    Across,
}

/// <summary>One file to write.</summary>
/// <param name="Path">Relative to the root, <c>/</c> between components.</param>
/// <param name="Kind">What it looks like.</param>
/// <param name="Length">Bytes.</param>
/// <param name="ContentSeed">The same seed, kind and length are the same bytes.</param>
/// <param name="Modified">Time of its last change.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Duplicate">Whether its content is a duplicate.</param>
internal sealed record SampleFile(string Path, SampleFileKind Kind, long Length, ulong ContentSeed, DateTime Modified, UnixFileMode Mode, SampleDuplicate Duplicate = SampleDuplicate.None);

/// <summary>All that a sample reserve will hold, decided before anything is written, so that writing can go on in parallel.</summary>
internal sealed class SamplePlan
{
    /// <summary>People at full size.</summary>
    public const int FullPeople = 50;
    /// <summary>Jars at full size.</summary>
    public const int FullJars = 42;
    /// <summary>Files of people at full size.</summary>
    public const int FullUserFiles = 3000;

    public required IReadOnlyList<SamplePerson> People { get; init; }
    public required IReadOnlyList<string> Jars { get; init; }
    public required IReadOnlyList<SampleFile> Files { get; init; }
    /// <summary>Folders that hold no file.</summary>
    public required IReadOnlyList<string> EmptyFolders { get; init; }
    public required IReadOnlyList<string> ExcludedFolders { get; init; }

    public static SamplePlan Build(SampleReserveOptions options)
    {
        var lengthFactor = Math.Min(1, Math.Sqrt(options.Scale));
        var countFactor = options.Scale / lengthFactor;
        int Scaled(int full, int fewest) => Math.Max(fewest, (int)Math.Round(full * countFactor));

        var random = SampleRandom.For(options.Seed, "plan");
        var people = SamplePeople.Make(Scaled(FullPeople, SamplePeople.Fewest), random);
        var jars = SamplePeople.MakeJars(Scaled(FullJars, 6), random);
        var filing = new SampleFiling(random, lengthFactor);
        var users = new SampleDrafts(random, Scaled(FullUserFiles, 60), lengthFactor, SampleSizes.UserFile, SampleDrafts.UserKinds);
        new SampleUserFiles(people, jars, filing, random, lengthFactor * countFactor).Place(users, options.CrossSubjectDuplicates);
        new SampleJarDocuments(people, jars, filing, random).Place(lengthFactor, countFactor, options.CrossSubjectDuplicates);
        filing.AddInstallation();
        var excluded = filing.AddExcluded();
        return new SamplePlan
        {
            People = people,
            Jars = jars,
            Files = filing.Files,
            EmptyFolders = [people[SamplePeople.Empty].Folder],
            ExcludedFolders = excluded,
        };
    }
}
