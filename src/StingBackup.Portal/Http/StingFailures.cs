using Microsoft.AspNetCore.Diagnostics;

namespace StingBackup.Portal.Http;

/// <summary>Failures of the engine as answers: the API gets a problem with its id and remedy, a page the page of errors. Logs get the id alone: messages name files.</summary>
internal sealed partial class StingFailures(ILogger<StingFailures> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }
        var failure = exception as StingException ?? new StingException("UnexpectedFailure", FailureKind.Io, "Something failed here that nobody expected.", null, "Ask the administrator to look into the portal's log.");
        var status = exception is StingException sting ? Refusals.StatusOf(sting) : exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        Failed(log, failure.ErrorId, exception.GetType().Name, status);
        if (status == StatusCodes.Status500InternalServerError)
        {
            Unexpected(log, exception.StackTrace?.ReplaceLineEndings(" "));   // where it was, and not what it says
        }
        httpContext.Response.StatusCode = status;
        if (httpContext.IsApi())
        {
            await Results.Problem(Refusals.ProblemOf(failure.ErrorId, status, failure.Message, failure.Remedy)).ExecuteAsync(httpContext).ConfigureAwait(false);
            return true;
        }
        httpContext.Items[typeof(StingException)] = failure;
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ErrorId} ({Type}), answered with {Status}")]
    private static partial void Failed(ILogger log, string errorId, string type, int status);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Place}")]
    private static partial void Unexpected(ILogger log, string? place);
}
