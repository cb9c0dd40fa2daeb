// Who is told of what. Each rule asks Application Insights for one number and compares it with a limit; the names of the
// metrics are those of shared/telemetry/catalogue.py; docs/guides/deployment.md says what to do about each.

@description('Region of the rules.')
param location string

@description('Part of every name.')
param name string

@description('Id of the Application Insights component that is asked.')
param insightsId string

@description('Addresses that get a mail; may be empty, then alerts are seen in the portal alone.')
param emails array

@description('Whether the rules are in force.')
param enabled bool

@description('Tags of every resource.')
param tags object

resource team 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'portage'
    enabled: true
    emailReceivers: [for (address, index) in emails: {
      name: 'mail-${index}'
      emailAddress: address
      useCommonAlertSchema: true
    }]
  }
}

// Severity: 1 the migration stands still, 2 it will unless somebody acts, 3 worth a look. Windows are in ISO 8601.
var rules = [
  {
    name: 'error-rate'
    about: 'More than one call in ten fails for another reason than its rate.'
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
    operator: 'GreaterThan'
    limit: '0.1'
    query: '''
customMetrics
| where name == "portage.calls"
| extend verdict = tostring(customDimensions.verdict)
| where verdict !endswith ".throttled" and verdict != "source.operating_limit"
| summarize failed = sumif(valueSum, verdict != "ok"), calls = sum(valueSum)
| where calls >= 20
| project value = failed / calls
'''
  }
  {
    name: 'dead-letter-depth'
    about: 'More than 100 dead letters wait for somebody to settle them.'
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    operator: 'GreaterThan'
    limit: '100'
    query: '''
customMetrics
| where name == "portage.dead_letters"
| summarize value = max(valueMax)
'''
  }
  {
    name: 'dead-letter-share'
    about: 'More than one record in two hundred was given up; at one in a hundred a run halts.'
    severity: 2
    every: 'PT5M'
    window: 'PT30M'
    operator: 'GreaterThan'
    limit: '0.005'
    query: '''
customMetrics
| where name == "portage.records"
| extend outcome = tostring(customDimensions.outcome)
| where outcome in ("imported", "skipped", "duplicate", "dead_lettered")
| summarize given_up = sumif(valueSum, outcome == "dead_lettered"), records = sum(valueSum)
| where records >= 200
| project value = given_up / records
'''
  }
  {
    name: 'poison-depth'
    about: 'Messages crashed their worker again and again.'
    severity: 2
    every: 'PT5M'
    window: 'PT10M'
    operator: 'GreaterThan'
    limit: '0'
    query: '''
customMetrics
| where name == "portage.poison_depth"
| summarize value = max(valueMax)
'''
  }
  {
    name: 'oldest-pending'
    about: 'A page has waited for more than an hour to be completed.'
    severity: 2
    every: 'PT5M'
    window: 'PT10M'
    operator: 'GreaterThan'
    limit: '3600'
    query: '''
customMetrics
| where name == "portage.oldest_pending_seconds"
| summarize value = max(valueMax)
'''
  }
  {
    name: 'run-halted'
    about: 'A run has halted and waits for somebody; its status gives the reason and what to do about it.'
    severity: 1
    every: 'PT5M'
    window: 'PT10M'
    operator: 'GreaterThan'
    limit: '0'
    query: '''
customMetrics
| where name == "portage.runs_halted"
| summarize value = max(valueMax)
'''
  }
  {
    name: 'silent'
    about: 'Nothing was measured for a quarter of an hour: the app does not run, or its telemetry does not arrive.'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    operator: 'LessThan'
    limit: '1'
    query: '''
customMetrics
| where name == "portage.poison_depth"
| summarize value = count()
'''
  }
  {
    name: 'no-progress'
    about: 'A run is under way and has completed nothing for ten minutes; after fifteen an outage halts it.'
    severity: 1
    every: 'PT5M'
    window: 'PT10M'
    operator: 'GreaterThan'
    limit: '600'
    query: '''
customMetrics
| where name == "portage.seconds_since_progress"
| summarize value = max(valueMax)
'''
  }
  {
    name: 'throttling'
    about: 'More than one call in twenty was refused for its rate: somebody else shares the budget, or it is set too high.'
    severity: 3
    every: 'PT5M'
    window: 'PT15M'
    operator: 'GreaterThan'
    limit: '0.05'
    query: '''
customMetrics
| where name in ("portage.throttled", "portage.calls")
| summarize refused = sumif(valueSum, name == "portage.throttled"), calls = sumif(valueSum, name == "portage.calls")
| where calls >= 20
| project value = refused / calls
'''
  }
  {
    name: 'gateway-down'
    about: 'The import gateway was called, and none of the calls got through.'
    severity: 1
    every: 'PT5M'
    window: 'PT10M'
    operator: 'GreaterThan'
    limit: '0'
    query: '''
customMetrics
| where name == "portage.calls" and tostring(customDimensions.method) startswith "import."
| extend verdict = tostring(customDimensions.verdict)
| summarize lost = sumif(valueSum, verdict == "target.unreachable"), answered = sumif(valueSum, verdict != "target.unreachable")
| where answered == 0
| project value = lost
'''
  }
  {
    name: 'code-expires'
    about: 'The import code of the gateway is over within a week: rotate it (docs/guides/rotation.md).'
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    operator: 'LessThan'
    limit: '7'
    query: '''
customMetrics
| where name == "portage.code_expires_days"
| summarize value = min(valueMin)
| where isnotnull(value)
'''
  }
]

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for one in rules: {
  name: '${name}-${one.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Portage: ${one.name}'
    description: one.about
    enabled: enabled
    severity: one.severity
    scopes: [
      insightsId
    ]
    evaluationFrequency: one.every
    windowSize: one.window
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: one.query
          metricMeasureColumn: 'value'
          timeAggregation: 'Maximum'
          operator: one.operator
          threshold: json(one.limit)
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        team.id
      ]
    }
  }
}]
