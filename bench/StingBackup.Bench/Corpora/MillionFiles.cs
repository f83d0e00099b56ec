using System.Globalization;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Bench.Corpora;

/// <summary>A million files of 200 bytes to 2 KB in some 22,000 folders of a hundred people: what makes a backup program's cost of a file that nobody touched show.</summary>
internal static class MillionFiles
{
    /// <summary>Files at full size.</summary>
    public const int FullCount = 1_000_000;

    private const int People = 100, FilesPerFolder = 45, FoldersPerProject = 12;
    private const int ShortestLength = 200, LongestLength = 2000;
    private const double MedianLength = 700, Spread = 0.6;
    private const int FilesPerDuplicate = 10;

    private static readonly SampleFileKind[] Kinds = [SampleFileKind.Markdown, SampleFileKind.Text, SampleFileKind.Json, SampleFileKind.Html, SampleFileKind.Csv];

    /// <summary>Builds the corpus; returns how many files and bytes it has.</summary>
    public static (int Files, long Length) Generate(string root, int seed, double scale)
    {
        var random = SampleRandom.For(seed, "million files");
        var people = Enumerable.Range(0, People).Select(_ => random.NextUuid()).ToArray();
        var count = Math.Max(People, (int)(FullCount * scale));
        var length = 0L;
        Parallel.For(0, (count + FilesPerFolder - 1) / FilesPerFolder, folder =>
        {
            var project = folder / FoldersPerProject;
            var path = string.Create(CultureInfo.InvariantCulture, $"users/{people[project % People]}/project {project / People:000}/folder {folder}");
            Interlocked.Add(ref length, Fill(root, path, Math.Min(FilesPerFolder, count - folder * FilesPerFolder), SampleRandom.For(seed, "million folder", folder)));
        });
        SampleWriter.StampFolders(root);
        return (count, length);
    }

    private static long Fill(string root, string folder, int files, SampleRandom random)
    {
        SampleWriter.MakeFolder(root, folder);
        Span<byte> content = stackalloc byte[LongestLength];
        int length = 0, sum = 0;
        for (var i = 0; i < files; i++)
        {
            var kind = random.Pick(Kinds);
            // One in ten is a copy of the file before it: the same person's, so that nobody gains by sharing between people.
            if (i % FilesPerDuplicate != FilesPerDuplicate - 1)
            {
                length = (int)Math.Clamp(MedianLength * Math.Exp(Spread * SampleSizes.Normal(random.NextDouble())), ShortestLength, LongestLength);
                SampleBody.Fill(content[..length], kind, random);
            }
            var path = Path.Join(root, folder, string.Create(CultureInfo.InvariantCulture, $"{Prose.NextWord(random)}-{i:00}{kind.Extension()}"));
            using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, content[..length], 0);
                File.SetLastWriteTimeUtc(file, SampleClock.Epoch.AddSeconds(-random.Next(365 * 86400)));
            }
            sum += length;
        }
        return sum;
    }
}
