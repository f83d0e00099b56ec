using System.Globalization;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Shares files out among people.</summary>
internal sealed class SampleUserFiles(IReadOnlyList<SamplePerson> people, IReadOnlyList<string> jars, SampleFiling filing, SampleRandom random, double scale)
{
    // One person stands at 92 % of a quota of 1 GB.
    private const double QuotaFilled = 0.92e9;

    public void Place(SampleDrafts drafts, bool copyAcross)
    {
        var weights = people.Select(person => person.Weight).ToArray();
        var left = (long)(QuotaFilled * scale);
        foreach (var draft in drafts.Originals)
        {
            var bytes = draft.Copy == SampleDuplicate.Within ? 2 * draft.Length : draft.Length;
            var owner = people[random.PickWeighted(weights)];
            if (bytes <= left)
            {
                owner = people[SamplePeople.Heavy];
                left -= bytes;
            }
            var original = filing.Add(FolderFor(owner, draft.Kind), draft);
            if (draft.Copy == SampleDuplicate.Within)
            {
                var folder = random.Chance(0.5) ? original.Path[..original.Path.LastIndexOf('/')] : FolderFor(owner, draft.Kind);
                filing.AddCopy(folder, original, SampleDuplicate.Within);
            }
            else if (draft.Copy == SampleDuplicate.Across && copyAcross)
            {
                CopyAcross(original, owner, weights);
            }
        }
        filing.AddNamed(people[SamplePeople.Known].Folder, "document", SampleFileKind.Pdf, 180e3);
    }

    // One in four goes into a jar: what somebody uploaded becomes a document there. The rest is mailed around.
    private void CopyAcross(SampleFile original, SamplePerson owner, double[] weights)
    {
        if (random.Chance(0.25))
        {
            var jar = random.Pick(jars);
            filing.AddCopy(jar, original, SampleDuplicate.Across, filing.PrefixIn(jar));
            return;
        }
        SamplePerson other;
        do
        {
            other = people[random.PickWeighted(weights)];
        }
        while (other == owner);
        filing.AddCopy(FolderFor(other, original.Kind), original, SampleDuplicate.Across);
    }

    private string FolderFor(SamplePerson person, SampleFileKind kind)
    {
        var folder = kind switch
        {
            SampleFileKind.Jpeg or SampleFileKind.Png => "images",
            SampleFileKind.Csv or SampleFileKind.Xlsx or SampleFileKind.Json => "exports",
            _ => "documents",
        };
        var year = random.Next(5);
        return year == 4 ? $"{person.Folder}/{folder}" : string.Create(CultureInfo.InvariantCulture, $"{person.Folder}/{folder}/{2020 + year}");
    }
}
