namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Fills honey jars: 1 to 200 documents each, many jars with few, few with many.</summary>
internal sealed class SampleJarDocuments(IReadOnlyList<SamplePerson> people, IReadOnlyList<string> jars, SampleFiling filing, SampleRandom random)
{
    private const int MostDocuments = 200;
    private const double Longest = 50e6;

    public void Place(double lengthFactor, double countFactor, bool copyAcross)
    {
        var counts = Enumerable.Range(0, jars.Count).Select(i => Count((i + 0.5) / jars.Count, Math.Min(1, countFactor))).ToArray();
        random.Shuffle(counts.AsSpan());
        var drafts = new SampleDrafts(random, counts.Sum(), lengthFactor, SampleSizes.JarDocument, SampleDrafts.JarKinds);
        // A jar's share of the originals is its share of all documents; copies fall on it in the same proportion.
        var weights = counts.Select(count => (double)count).ToArray();
        foreach (var draft in drafts.Originals)
        {
            var jar = jars[random.PickWeighted(weights)];
            var original = filing.Add(jar, draft, prefix: filing.PrefixIn(jar));
            if (draft.Copy == SampleDuplicate.Within)
            {
                filing.AddCopy(jar, original, SampleDuplicate.Within, filing.PrefixIn(jar));
            }
            else if (draft.Copy == SampleDuplicate.Across && copyAcross)
            {
                CopyAcross(original, jar);
            }
        }
        filing.AddNamed(jars[^1], $"{random.NextUuid()}_reference-library", SampleFileKind.Pdf, Longest * Math.Min(1, countFactor));
        filing.AddNamed(jars[0], "handbook", SampleFileKind.Markdown, 40e3);
    }

    private static int Count(double rank, double factor) => Math.Max(1, (int)Math.Round(Math.Exp(Math.Log(MostDocuments * factor) * rank)));

    private void CopyAcross(SampleFile original, string jar)
    {
        if (random.Chance(0.25))
        {
            var person = people[random.Between(SamplePeople.Awkward, people.Count - 1)];
            filing.AddCopy($"{person.Folder}/documents", original, SampleDuplicate.Across);
            return;
        }
        string other;
        do
        {
            other = random.Pick(jars);
        }
        while (other == jar);
        filing.AddCopy(other, original, SampleDuplicate.Across, filing.PrefixIn(other));
    }
}
