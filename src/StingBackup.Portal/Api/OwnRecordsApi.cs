using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Api;

/// <summary>Why somebody asks for the erasure of the own data.</summary>
/// <param name="Reason">A line.</param>
internal sealed record ErasureWish(string? Reason);

/// <summary>Honey jars, reports, erasures and their certificates.</summary>
internal static class OwnRecordsApi
{
    public static void Map(RouteGroupBuilder own)
    {
        var fresh = new PortalRuleAttribute(Audience.Person) { Fresh = true };
        own.MapGet("/jars", async (HttpContext http, OwnPeople people, CancellationToken cancel) =>
            TypedResults.Ok(await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).JarsAsync(cancel).ConfigureAwait(false)))
            .WithSummary("Honey jars that you may look into");
        own.MapGet("/reports/{month}", ReportAsync).WithSummary("What a month's backups were to you, as JSON or with format=csv");
        own.MapGet("/erasures", async (HttpContext http, OwnPeople people, CancellationToken cancel) =>
            TypedResults.Ok(await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).ErasuresAsync(cancel).ConfigureAwait(false)))
            .WithSummary("Erasures of your data that you asked for, newest first");
        own.MapPost("/erasures", async (HttpContext http, OwnPeople people, ErasureWish wish, CancellationToken cancel) =>
            TypedResults.Ok(await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).AskForErasureAsync(wish.Reason ?? "", cancel).ConfigureAwait(false)))
            .WithMetadata(fresh).WithSummary("Asks for the erasure of all that is yours");
        own.MapPost("/erasures/{erasure}/confirm", async (HttpContext http, OwnPeople people, string erasure, CancellationToken cancel) =>
            TypedResults.Ok(await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).ConfirmErasureAsync(erasure, cancel).ConfigureAwait(false)))
            .WithMetadata(fresh).WithSummary("Confirms an erasure that was approved");
        own.MapGet("/erasures/{erasure}/certificate", CertificateAsync).WithSummary("The certificate of an erasure: what is signed, or with format=html the same for people");
    }

    private static async Task<IResult> ReportAsync(HttpContext http, OwnPeople people, string month, string? format, CancellationToken cancel)
    {
        var report = await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).ReportAsync(ReportFiles.Month(month, default), cancel).ConfigureAwait(false);
        return format switch
        {
            null or "json" => Attach(http, ReportFiles.NameOf(report, "json"), TypedResults.Ok(report)),
            "csv" => Attach(http, ReportFiles.NameOf(report, "csv"), TypedResults.Bytes(ReportFiles.Csv(report), "text/csv; charset=utf-8")),
            _ => throw Given.Wrong("format"),
        };
    }

    private static async Task<IResult> CertificateAsync(HttpContext http, OwnPeople people, string erasure, string? format, CancellationToken cancel)
    {
        var certificate = await (await people.OfAsync(http, null, cancel).ConfigureAwait(false)).CertificateAsync(Given.Id(erasure, "erasure"), cancel).ConfigureAwait(false);
        return format switch
        {
            null or "json" => Attach(http, $"certificate-{erasure}.json", TypedResults.Bytes(certificate.Json, "application/json")),
            "html" => certificate.Page is { } page ? Attach(http, $"certificate-{erasure}.html", TypedResults.Bytes(page, "application/octet-stream"))
                : throw new StingException("ErasureNotFound", FailureKind.NotFound, "There is no page of this certificate.", erasure, "Take what is signed."),
            _ => throw Given.Wrong("format"),
        };
    }

    private static IResult Attach(HttpContext http, string name, IResult result)
    {
        http.Response.GetTypedHeaders().ContentDisposition = FileDownload.DispositionOf(name);
        return result;
    }
}
