using System.Globalization;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Names that people give to files. Never the same twice in a folder, whatever the system thinks of upper and lower case.</summary>
internal sealed class SampleNames(SampleRandom random)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A free path in a folder for a file of this kind.</summary>
    public string Next(string folder, SampleFileKind kind, string prefix = "") => Claim(folder, prefix + NextStem(kind), kind.Extension());

    /// <summary>The path itself when it is free, else one with a number, as a browser does it.</summary>
    public string Claim(string folder, string stem, string extension)
    {
        for (var n = 0; ; n++)
        {
            var path = n == 0 ? $"{folder}/{stem}{extension}" : string.Create(CultureInfo.InvariantCulture, $"{folder}/{stem} ({n}){extension}");
            if (_taken.Add(path))
            {
                return path;
            }
        }
    }

    private string NextStem(SampleFileKind kind)
    {
        string a = Prose.NextWord(random), b = Prose.NextWord(random);
        int month = random.Between(1, 12), year = random.Between(2020, 2023);
        var culture = CultureInfo.InvariantCulture;
        return (kind, random.Next(5)) switch
        {
            (SampleFileKind.Jpeg, _) => string.Create(culture, $"IMG_{year}{month:00}{random.Between(1, 28):00}_{random.Next(1_000_000):000000}"),
            (SampleFileKind.Png, < 3) => string.Create(culture, $"Screenshot {year}-{month:00}-{random.Between(1, 28):00}"),
            (_, 0) => $"{Capital(a)} {b}",
            (_, 1) => string.Create(culture, $"{a}-{b}-{year}-{month:00}"),
            (_, 2) => string.Create(culture, $"{a}_{b}_v{random.Between(1, 9)}"),
            (_, 3) => $"{a}-{b}-{Prose.NextWord(random)}",
            _ => $"{Capital(a)}{Capital(b)}",
        };
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
