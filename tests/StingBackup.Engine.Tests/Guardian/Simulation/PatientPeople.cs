namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>What honest people do over days that looks like an attack.</summary>
internal static class PatientPeople
{
    private const string Vault = "move into an enciphered vault, a few files a day", Rejects = "a shoot, and its rejects deleted the next day";
    private const int TicksADay = 96;

    public static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> Busy = new Dictionary<string, Action<SimulatedSubject>>
    {
        // As Cryptomator writes it: a file of its own for each, under names that say nothing, in folders of the vault.
        [Vault] = s =>
        {
            s.Put("users/x/vault/masterkey.cryptomator", Format.Text, SimulatedContent.Make(Format.Text, 400, s.Random));
            for (var day = 0; day < 14; day++)
            {
                for (var left = s.Random.Next(1, 4); left > 0; left--)
                {
                    s.Plan((day * TicksADay) + s.Random.Next(TicksADay), Vault, () => Move(s));
                }
            }
        },
        [Rejects] = s =>
        {
            var photos = new List<string>();
            for (var left = s.Random.Next(40, 120); left > 0; left--)
            {
                photos.Add($"users/x/shoot{s.Random.Next(1000)}/img{s.Random.Next(10_000_000)}.jpg");
                s.Put(photos[^1], Format.Jpeg, SimulatedContent.Make(Format.Jpeg, s.Random.Next(2000, 30_000), s.Random));
            }
            s.Plan(TicksADay - s.Random.Next(30), Rejects, () =>
            {
                foreach (var path in photos.Where(p => s.Files.ContainsKey(p) && s.Random.Next(10) < 7))
                {
                    s.Delete(path);
                }
            });
        },
    };

    private static void Move(SimulatedSubject subject)
    {
        if (subject.Files.Keys.Where(p => !p.StartsWith("users/x/vault/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList() is { Count: > 5 } open)
        {
            var path = open[subject.Random.Next(open.Count)];
            subject.Put($"users/x/vault/d/{subject.Random.Next(256):X2}/{subject.Random.NextInt64():x16}.c9r", Format.Opaque, SimulatedContent.Make(Format.Opaque, subject.Files[path].Content.Length + 96, subject.Random));
            subject.Delete(path);
        }
    }
}
