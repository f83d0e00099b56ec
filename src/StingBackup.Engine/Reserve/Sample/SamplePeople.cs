using System.Globalization;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>A person of the sample installation.</summary>
/// <param name="Id">Row number.</param>
/// <param name="KratosId">Identity, or null for a row older than the identity service.</param>
/// <param name="Email">E-mail address.</param>
/// <param name="Weight">Share of the files, against the others; the one who fills a quota has none.</param>
internal sealed record SamplePerson(int Id, string? KratosId, string Email, double Weight)
{
    public string FolderName => KratosId ?? Id.ToString(CultureInfo.InvariantCulture);

    public string Folder => $"users/{FolderName}";
}

/// <summary>Who is in the sample installation.</summary>
internal static class SamplePeople
{
    /// <summary>The person whom the documentation's commands name.</summary>
    public const int Known = 0;
    /// <summary>The person whose quota is nearly full.</summary>
    public const int Heavy = 1;
    /// <summary>The person without files.</summary>
    public const int Empty = 2;
    /// <summary>The person known by a row number alone.</summary>
    public const int WithoutIdentity = 3;
    /// <summary>The person who holds what is awkward.</summary>
    public const int Awkward = 4;
    /// <summary>The fewest people that a reserve can have: those above, and some whom nothing sets apart.</summary>
    public const int Fewest = 8;

    /// <summary>The jar that the documentation's commands name.</summary>
    public const string KnownJar = "jar_123";

    public static IReadOnlyList<SamplePerson> Make(int count, SampleRandom random)
    {
        var emails = new HashSet<string>(StringComparer.Ordinal);
        var people = new List<SamplePerson>(count);
        for (var i = 0; i < count; i++)
        {
            var (email, weight) = i switch
            {
                Known => ("user@example.com", 1.0),
                Heavy => ("heavy.user@example.com", 0),
                Empty => ("new.user@example.com", 0),
                WithoutIdentity => ("early.user@example.com", 1),
                Awkward => ("edge.case@example.com", 0.5),
                _ => (NextEmail(random, emails), Math.Exp(0.8 * SampleSizes.Normal(random.NextDouble()))),
            };
            people.Add(new SamplePerson(i + 1, i == WithoutIdentity ? null : random.NextUuid(), email, weight));
        }
        return people;
    }

    /// <summary>Folders of jars, relative to the root.</summary>
    public static IReadOnlyList<string> MakeJars(int count, SampleRandom random) =>
        [.. Enumerable.Range(0, count).Select(i => $"jars/{(i == 0 ? KnownJar : random.NextUuid())}")];

    private static string NextEmail(SampleRandom random, HashSet<string> taken)
    {
        for (var n = 1; ; n++)
        {
            var name = $"{random.Pick(SampleWords.GivenNames)}.{random.Pick(SampleWords.FamilyNames)}{(n > 3 ? n.ToString(CultureInfo.InvariantCulture) : "")}";
            if (taken.Add(name))
            {
                return $"{name}@example.com";
            }
        }
    }
}
