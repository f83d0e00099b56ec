namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>What honest people do that was written after the thresholds were frozen.</summary>
internal static class LaterHonestPeople
{
    public static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> Busy = new Dictionary<string, Action<SimulatedSubject>>
    {
        // A tool for scans: each page is cut to its edges and written anew.
        ["all scans cropped"] = s =>
        {
            foreach (var (path, file) in s.Files.Where(f => f.Value.Format is Format.Pdf or Format.Jpeg or Format.Png).ToList())
            {
                s.Put(path, file.Format, SimulatedContent.Make(file.Format, Math.Max(300, (file.Content.Length * 4 / 5) + s.Random.Next(-90, 90)), s.Random));
            }
        },
        // A container of a disk cipher that is mounted all day: of constant length, other places of it change.
        ["work within a container"] = s =>
        {
            if (!s.Files.TryGetValue("users/x/private.hc", out var file))
            {
                s.Put("users/x/private.hc", Format.Opaque, SimulatedContent.Make(Format.Opaque, 300_000, s.Random));
                return;
            }
            var content = (byte[])file.Content.Clone();
            for (var i = 0; i < 20; i++)
            {
                s.Random.NextBytes(content.AsSpan(s.Random.Next(content.Length - 4096), 4096));
            }
            s.Put("users/x/private.hc", Format.Opaque, content);
        },
    };
}
