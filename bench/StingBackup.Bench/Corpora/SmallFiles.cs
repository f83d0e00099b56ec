using System.Globalization;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Bench.Corpora;

/// <summary>Many small files in the folders of forty people: what makes a backup program's cost per file show.</summary>
internal static class SmallFiles
{
    /// <summary>Files at full size.</summary>
    public const int FullCount = 100_000;

    private const int People = 40, FilesPerFolder = 25, FoldersPerProject = 8;
    private const double MedianLength = 4000, Spread = 0.75, LongestLength = 256 * 1024;
    private const int FilesPerDuplicate = 10;

    private static readonly (SampleFileKind Kind, double Weight)[] Kinds =
    [
        (SampleFileKind.Markdown, 30), (SampleFileKind.Text, 25), (SampleFileKind.Json, 15), (SampleFileKind.Html, 10), (SampleFileKind.Csv, 10),
        (SampleFileKind.Log, 5), (SampleFileKind.Png, 5),
    ];

    /// <summary>Builds the corpus; returns how many files and bytes it has.</summary>
    public static (int Files, long Length) Generate(string root, int seed, double scale)
    {
        var random = SampleRandom.For(seed, "small files");
        var people = SamplePeople.Make(People, random);
        var filing = new SampleFiling(random, lengthFactor: 1);
        var weights = Array.ConvertAll(Kinds, kind => kind.Weight);
        var count = Math.Max(People, (int)(FullCount * scale));
        var folder = "";
        SampleFile? last = null;
        for (var i = 0; i < count; i++)
        {
            if (i % FilesPerFolder == 0)
            {
                // Whole folders go to one person, so that a folder is as full as folders are.
                var project = i / FilesPerFolder / FoldersPerProject;
                folder = string.Create(CultureInfo.InvariantCulture, $"{people[project % People].Folder}/project {project / People:00}/{Prose.NextWord(random)}-{i / FilesPerFolder}");
                last = null;
            }
            // One in ten is a copy of a file beside it: the same person's, so that nobody gains by sharing between people.
            if (i % FilesPerDuplicate == FilesPerDuplicate - 1 && last is not null)
            {
                filing.AddCopy(folder, last, SampleDuplicate.Within);
                continue;
            }
            var length = Math.Min(LongestLength, MedianLength * Math.Exp(Spread * SampleSizes.Normal(random.NextDouble())));
            last = filing.Add(folder, new SampleDraft(Math.Max(SampleContent.MinLength, (long)length), Kinds[random.PickWeighted(weights)].Kind, random.NextUInt64(), SampleDuplicate.None));
        }
        new SampleWriter(root, CancellationToken.None).Write(new SamplePlan { People = people, Jars = [], Files = filing.Files, EmptyFolders = [], ExcludedFolders = [] });
        SampleWriter.StampFolders(root);
        return (filing.Files.Count, filing.Files.Sum(file => file.Length));
    }
}
