// The page for whoever watches a migration: rate, outcomes, calls, throttling, dead letters. Its text is in workbook.json.

@description('Region of the workbook.')
param location string

@description('What it is called in the portal.')
param displayName string

@description('Id of the Application Insights component that it shows.')
param insightsId string

@description('Tags of every resource.')
param tags object

resource workbook 'Microsoft.Insights/workbooks@2022-04-01' = {
  name: guid(insightsId, 'portage')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: insightsId
    version: 'Notebook/1.0'
    serializedData: loadTextContent('../workbook.json')
  }
}
