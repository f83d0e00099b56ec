using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Http;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Api;

/// <summary>A file, folder or other item as of a run.</summary>
/// <param name="Path">Its path within the reserve; bytes that are no UTF-8 appear as <c>\xNN</c>.</param>
/// <param name="Name">The last part of it; of what was uploaded to STING the name that it had.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Length">In bytes; 0 for what is no file.</param>
/// <param name="Modified">When its content last changed.</param>
internal sealed record OwnItem(string Path, string Name, ItemKind Kind, long Length, DateTimeOffset Modified)
{
    public static OwnItem Of(RestorePointItem item) => Of(item, item.Name);

    public static OwnItem Of(RestorePointItem item, string name) => new(item.Path, name, item.Kind, item.Length, item.ModifiedTime);
}

/// <summary>What is directly in a folder.</summary>
/// <param name="Run">As of which run.</param>
/// <param name="Path">The folder.</param>
/// <param name="Items">Folders and files in path order.</param>
/// <param name="Next">The cursor for the next part; null in the last one.</param>
/// <param name="Damage">Ids of errors of what could not be read.</param>
internal sealed record OwnFolderPart(string Run, string Path, IReadOnlyList<OwnItem> Items, string? Next, IReadOnlyList<string> Damage);

/// <summary>A version of an item: the same content in one or more runs in a row.</summary>
internal sealed record OwnVersion
{
    /// <summary>The last run that holds it.</summary>
    public required string BackupId { get; init; }
    /// <summary>Its path within the reserve.</summary>
    public required string Path { get; init; }
    /// <summary>The last part of it; of what was uploaded to STING the name that it had.</summary>
    public required string Name { get; init; }
    /// <summary>What it is.</summary>
    public required ItemKind Kind { get; init; }
    /// <summary>In bytes.</summary>
    public required long Length { get; init; }
    /// <summary>When its content last changed.</summary>
    public required DateTimeOffset ModifiedTime { get; init; }
    /// <summary>The moment of the first run that holds it.</summary>
    public required DateTimeOffset FirstSeen { get; init; }
    /// <summary>The moment of the last one.</summary>
    public required DateTimeOffset LastSeen { get; init; }
    /// <summary>How many runs hold it.</summary>
    public required int Points { get; init; }
}

/// <summary>Files and folders that are meant.</summary>
/// <param name="Run">As of which run; null for the newest.</param>
/// <param name="Jar">In which honey jar; null in the own reserve.</param>
/// <param name="Paths">Their paths.</param>
internal sealed record SelectionWish(string? Run, string? Jar, IReadOnlyList<string?>? Paths);

/// <summary>A selection that is remembered.</summary>
/// <param name="Id">Its id.</param>
internal sealed record SelectionKept(string Id);

/// <summary>Runs, folders, content and archives.</summary>
internal static class OwnFilesApi
{
    private const int UsualRuns = 100, UsualItems = 200, UsualDays = 92;

    public static void Map(RouteGroupBuilder own)
    {
        own.MapGet("/runs", RunsAsync).WithSummary("Backup runs that hold something of yours, newest first").WithDescription("Without a first moment: those of the 92 days before the last one.");
        own.MapGet("/runs/{run}/items", ItemsAsync).WithSummary("What is directly in a folder as of a run").WithDescription("Without a path: the folder that all of yours is in. The run may be 'latest'.");
        own.MapMethods("/runs/{run}/content", [HttpMethods.Get, HttpMethods.Head], ContentAsync).RequireRateLimiting(AtOnce.Downloads).WithSummary("The content of a file as of a run, whole or a stretch of it")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").Produces(StatusCodes.Status206PartialContent).Produces(StatusCodes.Status304NotModified)
            .Produces(StatusCodes.Status412PreconditionFailed).Produces(StatusCodes.Status416RangeNotSatisfiable);
        own.MapGet("/runs/{run}/image", ImageAsync).RequireRateLimiting(AtOnce.Downloads).WithSummary("A picture, to be looked at: PNG, JPEG, GIF or WebP, as its content says").Produces(StatusCodes.Status200OK, null, "image/png", "image/jpeg", "image/gif", "image/webp").ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        own.MapGet("/runs/{run}/archive", (HttpContext http, OwnPeople people, string run, [FromQuery(Name = "path")] string[] paths, string? jar, CancellationToken cancel) =>
            ZipAsync(http, people, Selections.Of(OwnPeople.OwnerOf(http), run, jar, paths), cancel))
            .RequireRateLimiting(AtOnce.Archives).WithSummary("Files and folders as a zip").Produces(StatusCodes.Status200OK, contentType: "application/zip");
        own.MapPost("/selections", (HttpContext http, Selections selections, SelectionWish wish) =>
            TypedResults.Ok(new SelectionKept(selections.Keep(Selections.Of(OwnPeople.OwnerOf(http), wish.Run, wish.Jar, wish.Paths)))))
            .WithSummary("Remembers for an hour which files and folders are meant, to be downloaded or restored");
        own.MapGet("/selections/{selection}/archive", (HttpContext http, OwnPeople people, Selections selections, string selection, CancellationToken cancel) =>
            ZipAsync(http, people, selections.Find(OwnPeople.OwnerOf(http), selection), cancel))
            .RequireRateLimiting(AtOnce.Archives).WithSummary("A selection as a zip").Produces(StatusCodes.Status200OK, contentType: "application/zip");
        own.MapGet("/versions", VersionsAsync).RequireRateLimiting(AtOnce.Searches).WithSummary("Versions of files, by name, path or pattern");
    }

    private static async Task<IResult> RunsAsync(HttpContext http, OwnPeople people, DateTimeOffset? from, DateTimeOffset? to, string? cursor, int? limit, CancellationToken cancel)
    {
        var own = await people.OfAsync(http, null, cancel).ConfigureAwait(false);
        from ??= (to ?? http.RequestServices.GetRequiredService<PageTimes>().Now).AddDays(-UsualDays);
        var runs = await own.RunsAsync(from, to, cancel).ConfigureAwait(false);
        var count = Given.Limit(limit, UsualRuns, OwnReserve.MostItems);
        var start = Given.FromCursor(cursor) is { } last ? runs.TakeWhile(r => r.BackupId != last).Count() + 1 : 0;
        OwnRun[] part = [.. runs.Skip(start).Take(count)];
        return TypedResults.Ok(new Part<OwnRun>(part, start + part.Length < runs.Count ? Given.ToCursor(part[^1].BackupId) : null));
    }

    private static async Task<IResult> ItemsAsync(HttpContext http, OwnPeople people, [AsParameters] FolderQuery query, CancellationToken cancel)
    {
        var own = await people.OfAsync(http, Given.OptionalId(query.Jar, "jar"), cancel).ConfigureAwait(false);
        var page = await own.FolderAsync(Given.Run(query.Run), Given.OptionalPath(query.Path), Given.FromCursor(query.Cursor), Given.Limit(query.Limit, UsualItems, OwnReserve.MostItems), cancel).ConfigureAwait(false);
        return TypedResults.Ok(new OwnFolderPart(page.BackupId, page.Path, [.. page.Items.Select(i => OwnItem.Of(i, page.Names.GetValueOrDefault(i.Path, i.Name)))], Given.ToCursor(page.Next), page.Damage));
    }

    private static async Task<IResult> ContentAsync(HttpContext http, OwnPeople people, string run, string path, string? jar, CancellationToken cancel) =>
        new FileDownload(await FileAsync(http, people, new FileQuery(run, path, jar), cancel).ConfigureAwait(false));

    private static async Task<IResult> ImageAsync(HttpContext http, OwnPeople people, string run, string path, string? jar, CancellationToken cancel) =>
        await FilePreview.ImageAsync(await FileAsync(http, people, new FileQuery(run, path, jar), cancel).ConfigureAwait(false), cancel).ConfigureAwait(false)
            ?? TypedResults.Problem(Refusals.ProblemOf("NotAPicture", StatusCodes.Status415UnsupportedMediaType, "It is no picture that a browser shows.", "Download it."));

    private static async Task<IResult> ZipAsync(HttpContext http, OwnPeople people, Selection selection, CancellationToken cancel) =>
        await ZipDownload.BeginAsync(await people.OfAsync(http, selection.Jar, cancel).ConfigureAwait(false), selection, http.RequestServices.GetRequiredService<PageTimes>().Zone, cancel).ConfigureAwait(false);

    private static async Task<IResult> VersionsAsync(HttpContext http, OwnPeople people, string name, string? jar, int? limit, CancellationToken cancel)
    {
        var own = await people.OfAsync(http, Given.OptionalId(jar, "jar"), cancel).ConfigureAwait(false);
        var found = await own.VersionsAsync(Given.Path(name), Given.Limit(limit, UsualItems, OwnReserve.MostItems), cancel).ConfigureAwait(false);
        return TypedResults.Ok(found.Versions.Select(v => new OwnVersion
        {
            BackupId = v.BackupId, Path = v.Path, Name = found.NameOf(v), Kind = v.Kind, Length = v.Length, ModifiedTime = v.ModifiedTime, FirstSeen = v.FirstSeen, LastSeen = v.LastSeen, Points = v.Points,
        }).ToList());
    }

    private static async ValueTask<OwnFile> FileAsync(HttpContext http, OwnPeople people, FileQuery query, CancellationToken cancel)
    {
        var own = await people.OfAsync(http, Given.OptionalId(query.Jar, "jar"), cancel).ConfigureAwait(false);
        return await own.FileAsync(Given.Run(query.Run), Given.Path(query.Path), cancel).ConfigureAwait(false);
    }

    private sealed record FolderQuery(string Run, string? Path, string? Jar, string? Cursor, int? Limit);

    private sealed record FileQuery(string Run, string Path, string? Jar);
}
